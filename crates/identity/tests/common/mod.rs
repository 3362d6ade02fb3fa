//! An identity with a clock that stands still, seeded chance, and wallets with real keys.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use hypersentry_identity::repository::memory::MemoryRepository;
use hypersentry_identity::{
    Address, Authenticated, Client, Entropy, EntropyFailure, EoaVerifier, Identity, LoggedIn,
    Login, LoginPolicy, MasterKey, Refusal, Repository, Role, SessionPolicy, Settings,
};
use hypersentry_model::{ManualClock, Timestamp};
use k256::ecdsa::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha3::{Digest, Keccak256};
use std::sync::{Arc, Mutex};

/// A second reading of typed data.
pub mod typed_data;

pub const START_MS: i64 = 1_800_000_000_000;
pub const DOMAIN: &str = "desk.example";
pub const URI: &str = "https://desk.example";
pub const BROWSER: &str = "browser one";

pub struct Seeded(Mutex<ChaCha20Rng>);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailure> {
        self.0.lock().unwrap().fill_bytes(bytes);
        Ok(())
    }
}

pub struct Wallet(SigningKey);

impl Wallet {
    pub fn new(n: u8) -> Self {
        Self(SigningKey::from_slice(&[n; 32]).unwrap())
    }

    fn point(&self) -> [u8; 65] {
        let point = self.0.verifying_key().to_encoded_point(false);
        point.as_bytes().try_into().unwrap()
    }

    pub fn address(&self) -> Address {
        Address::of_point(&self.point())
    }

    pub fn sign_digest(&self, digest: &[u8; 32]) -> String {
        let (signature, id) = self.0.sign_prehash_recoverable(digest).unwrap();
        let bytes = signature.to_bytes();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        format!("0x{hex}{:02x}", 27 + u8::from(id.is_y_odd()))
    }

    pub fn sign(&self, text: &str) -> String {
        let head = format!("\x19Ethereum Signed Message:\n{}", text.len());
        self.sign_digest(&Keccak256::digest([head.as_bytes(), text.as_bytes()].concat()).into())
    }
}

pub struct Desk {
    pub identity: Arc<Identity>,
    pub clock: Arc<ManualClock>,
    pub memory: Arc<MemoryRepository>,
}

pub fn settings() -> Settings {
    Settings {
        login: LoginPolicy::new(DOMAIN, URI),
        sessions: SessionPolicy::default(),
        admins: vec![Wallet::new(1).address()],
        invited_only: false,
        master: MasterKey::parse(&"42".repeat(32)),
    }
}

pub async fn start(
    settings: Settings,
    clock: Arc<ManualClock>,
    repository: Arc<dyn Repository>,
    seed: u64,
) -> Result<Identity, Refusal> {
    let chance = Seeded(Mutex::new(ChaCha20Rng::seed_from_u64(seed)));
    let verifier = Box::new(EoaVerifier);
    Identity::start(settings, clock, Arc::new(chance), repository, verifier).await
}

impl Desk {
    pub async fn new() -> Self {
        Self::with(settings()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_ms(START_MS)));
        let memory = Arc::new(MemoryRepository::default());
        let repository = Arc::clone(&memory) as Arc<dyn Repository>;
        let identity = start(settings, Arc::clone(&clock), repository, 1).await;
        Self {
            identity: Arc::new(identity.unwrap()),
            clock,
            memory,
        }
    }

    pub fn later(&self, ms: i64) {
        let at = Timestamp::from_ms(self.identity.now_ms() + ms);
        self.clock.advance_to(at);
    }

    /// The text of a login that is begun by this wallet.
    pub fn begin(&self, wallet: &Wallet) -> String {
        let begun = self.identity.begin(wallet.address(), 1, BROWSER);
        begun.unwrap().message
    }

    pub async fn answer(&self, text: &str, signature: &str) -> Result<LoggedIn, Refusal> {
        self.answer_from(text, signature, BROWSER).await
    }

    pub async fn answer_from(
        &self,
        message: &str,
        signature: &str,
        browser: &str,
    ) -> Result<LoggedIn, Refusal> {
        let login = Login {
            message,
            signature,
            browser,
            bearer: false,
            client: Client::default(),
        };
        self.identity.login(login).await
    }

    pub async fn login(&self, wallet: &Wallet) -> LoggedIn {
        let text = self.begin(wallet);
        self.answer(&text, &wallet.sign(&text)).await.unwrap()
    }

    pub async fn admin(&self) -> Authenticated {
        self.login(&Wallet::new(1)).await.authenticated
    }

    /// A user with this role, logged in.
    pub async fn user(&self, n: u8, role: Role) -> LoggedIn {
        let wallet = Wallet::new(n);
        let admin = self.admin().await;
        let invited = self.identity.invite(&admin, wallet.address(), "", role);
        invited.await.unwrap();
        self.login(&wallet).await
    }
}
