//! Who may do what: changed by admins, and by owners for their accounts. Each change is in the audit list.

use crate::change::{AuditEntry, Change};
use crate::identity::{Authenticated, Identity, ended, user};
use crate::session::EndReason;
use crate::state::{MAX_GRANTS, MAX_USERS, State, User};
use crate::{Address, Grants, Refusal, Role};

/// What a user may do with an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GrantRow {
    /// User id.
    pub user: String,
    /// The account.
    pub account: Address,
    /// What.
    pub grants: Grants,
}

fn admin(state: &State, by: &Authenticated) -> Result<(), Refusal> {
    let is_admin = state.user(&by.user.id)?.role == Role::Admin;
    is_admin.then_some(()).ok_or(Refusal::RoleRequired)
}

/// Admins for all accounts, everybody for the own one.
fn admin_or_owner(state: &State, by: &Authenticated, account: Address) -> Result<(), Refusal> {
    if by.user.address == account {
        return Ok(());
    }
    admin(state, by)
}

/// Refuses what would leave nobody who can admit others.
fn keeps_an_admin(state: &State, without: &str) -> Result<(), Refusal> {
    let mut others = state.users.values().filter(|u| u.id != without);
    let one = others.any(|u| u.role == Role::Admin && !u.disabled);
    one.then_some(()).ok_or(Refusal::LastAdmin)
}

impl Identity {
    /// All users.
    ///
    /// # Errors
    /// `role_required`.
    pub fn users(&self, by: &Authenticated) -> Result<Vec<User>, Refusal> {
        let state = self.state();
        admin(&state, by)?;
        Ok(state.users.values().cloned().collect())
    }

    /// Whether a user may view an account now.
    pub fn views(&self, user: &str, account: Address) -> bool {
        let state = self.state();
        let user = state.users.get(user).filter(|user| !user.disabled);
        user.is_some_and(|user| state.granted(user, account).view)
    }

    /// How many users may manage risk: where there is more than one, a looser limit needs two of them.
    pub fn risk_managers(&self) -> usize {
        let state = self.state();
        let users = state.users.values().filter(|user| !user.disabled);
        users
            .filter(|user| user.role.covers(Role::RiskManager))
            .count()
    }

    /// The accounts that a user may view now.
    pub fn viewed(&self, user: &str) -> Vec<Address> {
        let state = self.state();
        let user = state.users.get(user).filter(|user| !user.disabled);
        let held = user.map(|user| state.accounts(user)).unwrap_or_default();
        let viewed = held.into_iter().filter(|(_, grants)| grants.view);
        viewed.map(|(account, _)| account).collect()
    }

    /// Adds a user, who logs in with that wallet.
    ///
    /// # Errors
    /// `role_required`, `name_invalid`, `directory_full`, `store_failed`.
    pub async fn invite(
        &self,
        by: &Authenticated,
        address: Address,
        name: &str,
        role: Role,
    ) -> Result<User, Refusal> {
        if name.chars().count() > 64 || name.chars().any(char::is_control) {
            return Err(Refusal::NameInvalid);
        }
        let id = self.id("user")?;
        self.commit(by, |state, now_ms| {
            admin(state, by)?;
            let known = state.by_address.get(&address);
            let invited = match known.and_then(|id| state.users.get(id)) {
                // Who is known keeps the role: changing it is another act.
                Some(known) => User {
                    name: name.to_owned(),
                    ..known.clone()
                },
                None if state.users.len() >= MAX_USERS => return Err(Refusal::DirectoryFull),
                None => user(id, address, name, role, now_ms),
            };
            let detail = format!("{} as {:?}", invited.address, invited.role);
            let audit = by.did("user_invited", &invited.id, detail, now_ms);
            Ok((vec![Change::User(invited.clone()), audit], invited))
        })
        .await
    }

    /// Gives a user another role.
    ///
    /// # Errors
    /// `role_required`, `user_not_found`, `last_admin`, `store_failed`.
    pub async fn set_role(
        &self,
        by: &Authenticated,
        id: &str,
        role: Role,
    ) -> Result<User, Refusal> {
        self.commit(by, |state, now_ms| {
            admin(state, by)?;
            let mut changed = state.user(id)?.clone();
            if role != Role::Admin {
                keeps_an_admin(state, id)?;
            }
            changed.role = role;
            let audit = by.did("role_set", id, format!("{role:?}"), now_ms);
            Ok((vec![Change::User(changed.clone()), audit], changed))
        })
        .await
    }

    /// Keeps a user out, and ends the user's sessions; or lets the user in again.
    ///
    /// # Errors
    /// `role_required`, `user_not_found`, `last_admin`, `store_failed`.
    pub async fn set_disabled(
        &self,
        by: &Authenticated,
        id: &str,
        disabled: bool,
    ) -> Result<User, Refusal> {
        self.commit(by, |state, now_ms| {
            admin(state, by)?;
            let mut changed = state.user(id)?.clone();
            let mut changes = Vec::new();
            if disabled {
                keeps_an_admin(state, id)?;
                let sessions = state.sessions_of(id).into_iter();
                changes.extend(sessions.map(|s| ended(&s.id, EndReason::Revoked)));
            }
            changed.disabled = disabled;
            changes.push(by.did("disabled_set", id, disabled.to_string(), now_ms));
            changes.push(Change::User(changed.clone()));
            Ok((changes, changed))
        })
        .await
    }

    /// All grants for an admin; for others those of their own account.
    pub fn grants(&self, by: &Authenticated) -> Vec<GrantRow> {
        let state = self.state();
        let all = state.grants.iter();
        all.filter(|((_, account), _)| admin_or_owner(&state, by, *account).is_ok())
            .map(|((user, account), grants)| GrantRow {
                user: user.clone(),
                account: *account,
                grants: *grants,
            })
            .collect()
    }

    /// Says what a user may do with an account; nothing, if empty.
    ///
    /// # Errors
    /// `role_required`, `user_not_found`, `directory_full`, `store_failed`.
    pub async fn set_grant(&self, by: &Authenticated, row: GrantRow) -> Result<(), Refusal> {
        self.commit(by, |state, now_ms| {
            admin_or_owner(state, by, row.account)?;
            state.user(&row.user)?;
            let held = state.grants.contains_key(&(row.user.clone(), row.account));
            if !held && state.grants.len() >= MAX_GRANTS {
                return Err(Refusal::DirectoryFull);
            }
            let names = Vec::<String>::from(row.grants).join(" ");
            let detail = format!("{}: {names}", row.account);
            let audit = by.did("grant_set", &row.user, detail, now_ms);
            let change = Change::Grant {
                user: row.user,
                account: row.account,
                grants: row.grants,
            };
            Ok((vec![change, audit], ()))
        })
        .await
    }

    /// What was done lately, newest first; at most 1,000.
    ///
    /// # Errors
    /// `role_required`.
    pub fn audit(&self, by: &Authenticated, limit: usize) -> Result<Vec<AuditEntry>, Refusal> {
        let state = self.state();
        admin(&state, by)?;
        Ok(state.audit.iter().take(limit).cloned().collect())
    }
}
