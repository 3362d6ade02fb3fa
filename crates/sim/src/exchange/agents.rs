//! Keys that sign for an account ("Nonces and API wallets").

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::address::Address;
use super::refusal::Refusal;

/// Named agents of an account.
const MOST_NAMED: usize = 3;
/// The longest time that an agent is valid.
pub(super) const LONGEST_MS: i64 = 180 * 86_400_000;
/// Longest name without its expiry (our own bound).
const LONGEST_NAME: usize = 64;
const EXPIRY: &str = " valid_until ";

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its key's address.
    pub address: Address,
    /// None for the unnamed one.
    pub name: Option<String>,
    /// From then on it signs nothing.
    pub valid_until_ms: i64,
}

/// An account's agents: at most one without and three with a name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Agents(Vec<Agent>);

impl Agents {
    /// Adds an agent. The unnamed one and one with the same name give way; their addresses are returned.
    ///
    /// # Errors
    /// [`Refusal::AgentName`], [`Refusal::TooManyAgents`].
    pub fn approve(
        &mut self,
        address: Address,
        name: Option<&str>,
        now_ms: i64,
    ) -> Result<Option<Address>, Refusal> {
        let latest = now_ms + LONGEST_MS;
        let (name, valid_until_ms) = match name.filter(|name| !name.is_empty()) {
            None => (None, latest),
            Some(text) => match text.split_once(EXPIRY) {
                None => (Some(text), latest),
                Some((name, until)) => {
                    let until: i64 = until.parse().map_err(|_| Refusal::AgentName)?;
                    if until <= now_ms || until > latest {
                        return Err(Refusal::AgentName);
                    }
                    (Some(name).filter(|name| !name.is_empty()), until)
                }
            },
        };
        if name.is_some_and(|name| name.len() > LONGEST_NAME) {
            return Err(Refusal::AgentName);
        }
        self.0.retain(|agent| agent.valid_until_ms > now_ms);
        let old = self
            .0
            .iter()
            .position(|agent| agent.name.as_deref() == name);
        let named = self.0.iter().filter(|agent| agent.name.is_some()).count();
        if old.is_none() && name.is_some() && named >= MOST_NAMED {
            return Err(Refusal::TooManyAgents(MOST_NAMED));
        }
        let replaced = old.map(|at| self.0.remove(at).address);
        self.0.push(Agent {
            address,
            name: name.map(str::to_owned),
            valid_until_ms,
        });
        Ok(replaced)
    }

    /// Whether a key signs for the account now.
    #[must_use]
    pub fn signs(&self, address: Address, now_ms: i64) -> bool {
        self.0
            .iter()
            .any(|agent| agent.address == address && agent.valid_until_ms > now_ms)
    }

    /// The one without a name, if it is valid.
    #[must_use]
    pub fn unnamed(&self, now_ms: i64) -> Option<&Agent> {
        self.0
            .iter()
            .find(|agent| agent.name.is_none() && agent.valid_until_ms > now_ms)
    }

    /// As `extraAgents` shows the named ones.
    #[must_use]
    pub fn json(&self, now_ms: i64) -> Value {
        let list: Vec<_> = self
            .0
            .iter()
            .filter(|agent| agent.valid_until_ms > now_ms)
            .filter_map(|agent| {
                let name = agent.name.as_ref()?;
                Some(json!({
                    "name": name,
                    "address": agent.address.to_string(),
                    "validUntil": agent.valid_until_ms,
                }))
            })
            .collect();
        json!(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    #[test]
    fn one_unnamed_and_three_named_agents() {
        let mut agents = Agents::default();
        assert_eq!(agents.approve(Address([1; 20]), None, NOW), Ok(None));
        let replaced = agents.approve(Address([2; 20]), Some(""), NOW);
        assert_eq!(replaced, Ok(Some(Address([1; 20]))));
        for name in ["a", "b", "c"] {
            let address = Address([name.as_bytes()[0]; 20]);
            assert_eq!(agents.approve(address, Some(name), NOW), Ok(None));
        }
        assert_eq!(
            agents.approve(Address([9; 20]), Some("d"), NOW),
            Err(Refusal::TooManyAgents(3))
        );
        assert_eq!(
            agents.approve(Address([9; 20]), Some("b"), NOW),
            Ok(Some(Address([b'b'; 20])))
        );
        assert!(!agents.signs(Address([b'b'; 20]), NOW) && agents.signs(Address([9; 20]), NOW));
        assert_eq!(agents.json(NOW).as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn agents_expire() {
        let mut agents = Agents::default();
        let name = format!("bot valid_until {}", NOW + 10);
        agents.approve(Address([1; 20]), Some(&name), NOW).unwrap();
        assert_eq!(agents.json(NOW)[0]["name"], "bot");
        assert!(agents.signs(Address([1; 20]), NOW + 9));
        assert!(!agents.signs(Address([1; 20]), NOW + 10));
        for until in [NOW, NOW + LONGEST_MS + 1] {
            let name = format!("bot valid_until {until}");
            let refused = agents.approve(Address([2; 20]), Some(&name), NOW);
            assert_eq!(refused, Err(Refusal::AgentName));
        }
    }
}
