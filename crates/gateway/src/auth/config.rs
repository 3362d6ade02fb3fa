//! How logins are configured.

use super::{Auth, pace};
use hypersentry_engine::{AgentVenue, SystemClock};
use hypersentry_identity::repository::memory::MemoryRepository;
use hypersentry_identity::repository::sqlite::SqliteRepository;
use hypersentry_identity::{
    Address, Entropy, EntropyFailure, EoaVerifier, Identity, LoginPolicy, MasterKey, Repository,
    SessionPolicy, Settings,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How often what expired is cleared away.
const SWEEP: Duration = Duration::from_secs(60);

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{message} [{code}]")]
pub struct Misconfigured {
    /// Stable.
    pub code: String,
    /// What to do.
    pub message: String,
}

impl Misconfigured {
    pub(super) fn because(code: &str, message: impl std::fmt::Display) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_string(),
        }
    }
}

/// From a login to its end, in seconds.
const SESSION_TTL: u32 = 7 * 86_400;
/// From a session's last use to its end, in seconds.
const SESSION_IDLE: u32 = 12 * 3_600;
/// After so many seconds a browser's token is exchanged.
const SESSION_ROTATE: u32 = 3_600;

/// Logins.
#[derive(Debug, clap::Args)]
pub struct AuthArguments {
    /// A wallet that is made an admin where it is not known yet; may be repeated.
    #[arg(
        long = "admin",
        env = "HYPERSENTRY_ADMIN",
        value_delimiter = ',',
        value_name = "ADDRESS"
    )]
    admins: Vec<String>,
    /// Where browsers find this server, such as https://desk.example; the listening address if it is not named.
    #[arg(long, env = "HYPERSENTRY_AUTH_ORIGIN", value_name = "URL")]
    auth_origin: Option<String>,
    /// Nothing is public, and only wallets that an admin added may log in.
    #[arg(long, env = "HYPERSENTRY_AUTH_PRIVATE")]
    auth_private: bool,
    /// File with the key that seals agent keys: 64 hexadecimal digits. Or the environment variable HYPERSENTRY_MASTER_KEY.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Seconds from a login to its end.
    #[arg(long, default_value_t = SESSION_TTL, value_parser = clap::value_parser!(u32).range(1..=31_536_000))]
    session_ttl: u32,
    /// Seconds from a session's last use to its end.
    #[arg(long, default_value_t = SESSION_IDLE, value_parser = clap::value_parser!(u32).range(1..=31_536_000))]
    session_idle: u32,
    /// Seconds after which a browser's token is exchanged.
    #[arg(long, default_value_t = SESSION_ROTATE, value_parser = clap::value_parser!(u32).range(1..=31_536_000))]
    session_rotate: u32,
    /// Logins that one address may begin or answer in a minute, and at once.
    #[arg(long, default_value_t = pace::ATTEMPTS, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    logins_per_minute: u32,
}

/// Who may come in, and by which door.
#[derive(Debug)]
pub(super) struct Access {
    /// The one origin whose pages may use cookies.
    pub(super) origin: String,
    /// Whether browsers reach it by TLS.
    pub(super) secure: bool,
    /// Whether strangers see public data.
    pub(super) public: bool,
}

impl Access {
    /// The name of the session's cookie.
    pub(super) const fn cookie(&self) -> &'static str {
        if self.secure {
            "__Host-hs_session"
        } else {
            "hs_session"
        }
    }

    const fn attributes(&self) -> &'static str {
        if self.secure {
            "HttpOnly; Secure; SameSite=Strict"
        } else {
            "HttpOnly; SameSite=Strict"
        }
    }

    /// The session's cookie, for so many seconds; none takes it away.
    pub(super) fn session_cookie(&self, token: &str, seconds: i64) -> String {
        let (name, attributes) = (self.cookie(), self.attributes());
        format!("{name}={token}; Path=/; Max-Age={seconds}; {attributes}")
    }

    /// The cookie that binds a login to its browser.
    pub(super) fn login_cookie(&self, secret: &str, seconds: i64) -> String {
        let attributes = self.attributes();
        format!("hs_login={secret}; Path=/auth; Max-Age={seconds}; {attributes}")
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailure> {
        getrandom::fill(bytes).map_err(|_| EntropyFailure)
    }
}

/// `https://host` or `https://host:port`; with http for this machine alone.
fn origin(text: &str) -> Option<Access> {
    let (scheme, host) = text.split_once("://")?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
    if host.is_empty() || !host.chars().all(allowed) {
        return None;
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    // A name that begins like an address is a name.
    let local = name == "localhost"
        || address
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    let secure = match scheme {
        "https" => true,
        "http" if local => false,
        _ => return None,
    };
    Some(Access {
        origin: text.to_owned(),
        secure,
        public: true,
    })
}

fn own_origin(listening: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    // Whoever listens on all addresses and names none is reached from this machine.
    if listening.ip().is_unspecified() || !listening.ip().is_loopback() {
        format!("{scheme}://127.0.0.1:{}", listening.port())
    } else {
        format!("{scheme}://{listening}")
    }
}

impl Default for AuthArguments {
    fn default() -> Self {
        Self {
            admins: Vec::new(),
            auth_origin: None,
            auth_private: false,
            master_key_file: None,
            session_ttl: SESSION_TTL,
            session_idle: SESSION_IDLE,
            session_rotate: SESSION_ROTATE,
            logins_per_minute: pace::ATTEMPTS,
        }
    }
}

impl AuthArguments {
    fn master(&self) -> Result<Option<MasterKey>, Misconfigured> {
        let refused = |what: String| Misconfigured::because("master_key_invalid", what);
        let parse = |text: &str, from: &str| {
            let key = MasterKey::parse(text);
            let wrong = || format!("{from} must hold 64 hexadecimal digits");
            key.ok_or_else(|| refused(wrong())).map(Some)
        };
        if let Some(file) = &self.master_key_file {
            let text = std::fs::read_to_string(file).map(Zeroizing::new);
            let text = text.map_err(|e| refused(format!("{}: {e}", file.display())))?;
            return parse(&text, &file.display().to_string());
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a shell reads the environment once"
        )]
        let text = std::env::var("HYPERSENTRY_MASTER_KEY").map(Zeroizing::new);
        text.map_or(Ok(None), |text| parse(&text, "HYPERSENTRY_MASTER_KEY"))
    }

    fn admins(&self) -> Result<Vec<Address>, Misconfigured> {
        let all = self.admins.iter().filter(|text| !text.is_empty());
        all.map(|text| {
            let wrong =
                |e| Misconfigured::because("address_invalid", format!("--admin {text}: {e}"));
            text.trim().parse().map_err(wrong)
        })
        .collect()
    }

    /// What can be refused before anything is started.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, listening: SocketAddr, tls: bool) -> Result<Checked, Misconfigured> {
        let text = self.auth_origin.clone();
        let text = text.unwrap_or_else(|| own_origin(listening, tls));
        let mut access = origin(&text).ok_or_else(|| {
            let message = format!("--auth-origin {text}: an origin such as https://desk.example, without a path; http for this machine alone");
            Misconfigured::because("auth_origin_invalid", message)
        })?;
        if tls && !access.secure {
            let message = format!(
                "--auth-origin {text}: this server speaks TLS, so that browsers find it at https"
            );
            return Err(Misconfigured::because("auth_origin_invalid", message));
        }
        access.public = !self.auth_private;
        let domain = text.split_once("://").map_or("", |(_, host)| host);
        let ms = |seconds: u32| i64::from(seconds) * 1_000;
        let settings = Settings {
            login: LoginPolicy::new(domain, &text),
            sessions: SessionPolicy {
                ttl_ms: ms(self.session_ttl),
                idle_ms: ms(self.session_idle),
                rotate_ms: ms(self.session_rotate),
                ..SessionPolicy::default()
            },
            admins: self.admins()?,
            invited_only: self.auth_private,
            master: self.master()?,
        };
        Ok(Checked {
            access,
            settings,
            attempts: self.logins_per_minute,
        })
    }
}

async fn store(dir: &Path) -> Result<Arc<dyn Repository>, Misconfigured> {
    let file = dir.join("identity.db");
    let opened = SqliteRepository::open(&file).await.map_err(|_| {
        let message = format!("cannot open {}: the log says why", file.display());
        Misconfigured::because("identity_store", message)
    })?;
    Ok(Arc::new(opened))
}

/// A configuration without faults.
#[derive(Debug)]
pub struct Checked {
    access: Access,
    settings: Settings,
    attempts: u32,
}

impl Checked {
    /// Opens the store in `data_dir`, if there is to be one, and begins. `exchange` is the base of Hyperliquid's REST, where agents are told to a venue.
    ///
    /// # Errors
    /// The store cannot be opened, or does not fit the configuration.
    pub async fn start(
        self,
        data_dir: Option<&Path>,
        exchange: Option<&str>,
    ) -> Result<Arc<Auth>, Misconfigured> {
        let repository = match data_dir {
            Some(dir) => store(dir).await?,
            None => Arc::new(MemoryRepository::default()),
        };
        let identity = Identity::start(
            self.settings,
            Arc::new(SystemClock::start()),
            Arc::new(SystemEntropy),
            repository,
            Box::new(EoaVerifier),
        );
        let identity = identity
            .await
            .map_err(|e| Misconfigured::because(e.code(), e))?;
        let identity = Arc::new(identity);
        let swept = Arc::downgrade(&identity);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                // It ends with the server.
                let Some(identity) = swept.upgrade() else {
                    return;
                };
                if let Err(refusal) = identity.sweep().await {
                    tracing::warn!(code = refusal.code(), "expired sessions were not cleared");
                }
            }
        });
        Ok(Arc::new(Auth {
            identity,
            access: self.access,
            venue: exchange
                .map(AgentVenue::new)
                .transpose()
                .map_err(|e| Misconfigured::because(e.code(), e))?,
            pace: pace::Pace::new(self.attempts),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_whole_and_safe() {
        for (text, secure) in [
            ("https://desk.example", true),
            ("https://desk.example:8443", true),
            ("http://127.0.0.1:8787", false),
            ("http://localhost:8787", false),
            ("http://[::1]:8787", false),
        ] {
            assert_eq!(origin(text).map(|a| a.secure), Some(secure), "{text}");
        }
        for text in [
            "desk.example",
            "http://desk.example",
            "https://",
            "https://desk.example/",
            "https://user@desk.example",
            "https://Desk.example",
            "http://127.0.0.1.evil.example",
            "ftp://localhost",
        ] {
            assert!(origin(text).is_none(), "{text}");
        }
        let any = own_origin("0.0.0.0:80".parse().unwrap(), false);
        assert_eq!(any, "http://127.0.0.1:80");
        let secure = own_origin("[::1]:443".parse().unwrap(), true);
        assert_eq!(secure, "https://[::1]:443");
    }
}
