//! `serve`: the server.

use crate::{Refused, shutdown, sim};
use hypersentry_api::paper::PaperPlan;
use hypersentry_api::{Assumptions, Terminal, TradingPlan, practice};
use hypersentry_engine::Prepared;
use hypersentry_engine::config::{self, ConfigFile, Weights};
use hypersentry_engine::trading::{Limits as RiskLimits, Network};
use hypersentry_gateway::auth::{AuthArguments, Misconfigured};
use hypersentry_gateway::limits::{Limits, Rate};
use hypersentry_gateway::listen::{self, Server};
use hypersentry_gateway::origin::Origins;
use hypersentry_gateway::tls::Tls;
use hypersentry_model::{Mode, Venue};
use hypersentry_sim::{Scenario, SimConfig, Simulator};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// `live` for the real venues, `sim` for the simulator in this process, or the path of a recording or journal to play in real time.
    #[arg(long, default_value = "live")]
    venues: String,
    /// Venues to connect to, separated by commas; all that are configured, or all six, if none are named.
    #[arg(
        long,
        env = "HYPERSENTRY_VENUES",
        value_delimiter = ',',
        value_name = "VENUE"
    )]
    venue_list: Vec<Venue>,
    /// Configuration as TOML, or JSON if its name ends so.
    #[arg(long, env = "HYPERSENTRY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    weights: WeightArguments,
    #[command(flatten)]
    access: AccessArguments,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Where the journal is kept.
    #[arg(long, default_value = "hypersentry-data")]
    data_dir: PathBuf,
    /// The terminal's files for browsers.
    #[arg(long, default_value = "src-ui/dist")]
    ui: PathBuf,
    /// A model of the probabilities; a second one is on trial beside it. Without any, DATA_DIR/model.json if it is there.
    #[arg(long = "model", value_name = "FILE")]
    models: Vec<PathBuf>,
    /// Seed of the simulated market.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Faults for the simulator to play, as JSON.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// Take orders at the real venue, signed by agents that users' wallets approved. Without it orders are taken in practice alone.
    #[arg(long, env = "HYPERSENTRY_TRADE_LIVE")]
    trade_live: bool,
    #[command(flatten)]
    paper: PaperArguments,
    #[command(flatten)]
    auth: AuthArguments,
    #[command(flatten)]
    tls: TlsArguments,
}

/// Paper accounts: every user who may trade can open one.
#[derive(Debug, clap::Args)]
struct PaperArguments {
    /// Offer no paper accounts.
    #[arg(long)]
    no_paper: bool,
    /// How long an order of a paper account is on its way, in milliseconds.
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(i64).range(0..=5_000))]
    paper_latency_ms: i64,
    /// Up to so many milliseconds more, differently for each order.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(0..=5_000))]
    paper_jitter_ms: i64,
    /// What an order of a paper account takes at most of what a level shows, in percent.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=90))]
    paper_share_percent: i64,
}

impl PaperArguments {
    fn plan<'a>(&self, dir: &'a Path) -> anyhow::Result<PaperPlan<'a>> {
        Ok(PaperPlan {
            dir,
            chance: chance()?,
            assumptions: Assumptions {
                latency_ms: self.paper_latency_ms,
                jitter_ms: self.paper_jitter_ms,
                share_percent: self.paper_share_percent,
            },
        })
    }
}

/// TLS of the listener.
#[derive(Debug, clap::Args)]
struct TlsArguments {
    /// Certificate and the chain below its root, as PEM: the server then speaks TLS alone. Looked at every 5 s for a newer one.
    #[arg(
        long,
        env = "HYPERSENTRY_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    #[arg(
        long,
        env = "HYPERSENTRY_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,
}

impl TlsArguments {
    fn read(&self) -> anyhow::Result<Option<Tls>> {
        let files = self.tls_cert.as_deref().zip(self.tls_key.as_deref());
        let read = files.map(|(cert, key)| Tls::read(cert, key)).transpose();
        read.map_err(|e| Refused::because(e.code, e.message))
    }
}

/// Weights of venues in composite figures.
#[derive(Debug, clap::Args)]
struct WeightArguments {
    /// Weight of Hyperliquid in open interest.
    #[arg(long, env = "AGGREGATOR_OI_HL_WEIGHT", value_name = "WEIGHT")]
    oi_hl_weight: Option<String>,
    /// Weight of Binance USD-M in open interest.
    #[arg(long, env = "AGGREGATOR_OI_BINANCE_WEIGHT", value_name = "WEIGHT")]
    oi_binance_weight: Option<String>,
    /// Weight of Binance spot in the cumulative volume delta of spot.
    #[arg(long, env = "AGGREGATOR_CVD_BINANCE_WEIGHT", value_name = "WEIGHT")]
    cvd_binance_weight: Option<String>,
    /// Weight of Coinbase in the cumulative volume delta of spot.
    #[arg(long, env = "AGGREGATOR_CVD_COINBASE_WEIGHT", value_name = "WEIGHT")]
    cvd_coinbase_weight: Option<String>,
}

impl WeightArguments {
    fn weights(&self) -> Weights {
        Weights {
            oi_hl: self.oi_hl_weight.clone(),
            oi_binance: self.oi_binance_weight.clone(),
            cvd_binance: self.cvd_binance_weight.clone(),
            cvd_coinbase: self.cvd_coinbase_weight.clone(),
        }
    }
}

/// Who may connect, and how much each may ask.
#[derive(Debug, clap::Args)]
struct AccessArguments {
    /// Origin of pages that may connect besides the server's own, such as `https://desk.example`; needed where the server is reached by a name.
    #[arg(
        long = "allow-origin",
        env = "HYPERSENTRY_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    origins: Vec<String>,
    /// Address of a proxy whose X-Forwarded-For is believed.
    #[arg(
        long = "trusted-proxy",
        env = "HYPERSENTRY_PROXIES",
        value_delimiter = ',',
        value_name = "ADDRESS"
    )]
    proxies: Vec<std::net::IpAddr>,
    /// Clients at once.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CLIENTS)))]
    max_clients: u32,
    /// Clients of one address at once; of IPv6, of one /64.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CLIENTS)))]
    max_clients_per_address: u32,
    /// Clients of one user at once.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CLIENTS)))]
    max_clients_per_user: u32,
    /// Requests and messages of one user in a second, over all connections together; ten times as many at once.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    user_requests_per_second: u32,
    /// Requests of one address in a second; five times as many at once.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    requests_per_second: u32,
    /// Let others than this machine read /metrics.
    #[arg(long)]
    open_metrics: bool,
}

/// What the fan-out takes at most.
const MAX_CLIENTS: u32 = hypersentry_api::MAX_CLIENTS as u32;

impl AccessArguments {
    fn limits(&self) -> Limits {
        let per_address = self.max_clients_per_address as usize;
        Limits {
            clients: self.max_clients as usize,
            clients_per_address: per_address,
            connections_per_address: 2 * per_address,
            clients_per_user: self.max_clients_per_user as usize,
            user_requests: Rate::new(
                self.user_requests_per_second,
                10 * self.user_requests_per_second,
            ),
            requests: Rate::new(self.requests_per_second, 5 * self.requests_per_second),
            trusted_proxies: self.proxies.clone(),
            ..Limits::default()
        }
    }
}

/// A directory that can be written to, made if it is not there; nothing is left in it.
fn writable(dir: &Path) -> anyhow::Result<()> {
    let refused = |e: std::io::Error| {
        Refused::because(
            "data_dir_not_writable",
            format!(
                "cannot write to {}: {e}; choose another with --data-dir",
                dir.display()
            ),
        )
    };
    std::fs::create_dir_all(dir).map_err(refused)?;
    let probe = dir.join(".hypersentry-probe");
    std::fs::write(&probe, b"").map_err(refused)?;
    std::fs::remove_file(&probe).map_err(refused)
}

async fn simulator(seed: u64, scenario: Option<Scenario>) -> anyhow::Result<Simulator> {
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let config = SimConfig {
        listen,
        seed,
        scenario,
        ..SimConfig::default()
    };
    hypersentry_sim::start(config)
        .await
        .map_err(|e| Refused::because(e.code(), &e))
}

/// What was made ready.
struct Ready {
    prepared: Prepared,
    simulator: Option<Simulator>,
    /// Base of Hyperliquid's REST, where the real venue is traded at.
    exchange: Option<String>,
    /// Whether there is a data directory: what plays a recording writes nothing.
    keeps: bool,
}

async fn prepare(arguments: &Arguments) -> anyhow::Result<Ready> {
    let refused = |e: hypersentry_engine::EngineError| Refused::because(e.code(), &e);
    if !matches!(arguments.venues.as_str(), "live" | "sim") {
        let path = Path::new(&arguments.venues);
        return Ok(Ready {
            prepared: Prepared::playback(path).map_err(refused)?,
            simulator: None,
            exchange: None,
            keeps: false,
        });
    }
    // What can be refused is refused before anything is written or started.
    let file = match &arguments.config {
        Some(path) => ConfigFile::read(path).map_err(refused)?,
        None => ConfigFile::default(),
    };
    let configured = |mode, simulator: Option<&str>| {
        let weights = arguments.weights.weights();
        file.engine(mode, &arguments.venue_list, simulator, &weights)
            .map_err(refused)
    };
    let live = configured(Mode::Live, None)?;
    let scenario = arguments
        .scenario
        .as_deref()
        .map(sim::scenario)
        .transpose()?;
    let mode = if arguments.venues == "sim" {
        Mode::Simulated
    } else {
        Mode::Live
    };
    let models = config::models(&arguments.models, Some(&arguments.data_dir), mode);
    let models = models.map_err(refused)?;
    writable(&arguments.data_dir)?;
    let (mut config, simulator) = if arguments.venues == "sim" {
        let simulator = simulator(arguments.seed, scenario).await?;
        let address = simulator.local_addr().to_string();
        (
            configured(Mode::Simulated, Some(&address))?,
            Some(simulator),
        )
    } else {
        (live, None)
    };
    config.data_dir = Some(arguments.data_dir.clone());
    config.models = models;
    let exchange = config.endpoints.get(&Venue::Hyperliquid);
    let exchange = exchange.filter(|_| mode == Mode::Live);
    Ok(Ready {
        exchange: exchange.map(|endpoints| endpoints.rest.clone()),
        prepared: Prepared::venues(config).map_err(refused)?,
        simulator,
        keeps: true,
    })
}

fn chance() -> anyhow::Result<[u8; 32]> {
    let mut chance = [0; 32];
    getrandom::fill(&mut chance).map_err(|e| Refused::because("entropy_failed", e))?;
    Ok(chance)
}

fn trading_plan(
    dir: &Path,
    simulated: bool,
    signers: Arc<dyn hypersentry_api::Signers>,
) -> anyhow::Result<TradingPlan<'_>> {
    Ok(TradingPlan {
        dir,
        chance: chance()?,
        network: if simulated {
            Network::Testnet
        } else {
            Network::Mainnet
        },
        limits: if simulated {
            practice::limits()
        } else {
            RiskLimits::default()
        },
        signers,
    })
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let origins = Origins::read(&arguments.access.origins)
            .map_err(|e| Refused::because("bad_flag", format!("--allow-origin: {e}")))?;
        let tls = arguments.tls.read()?;
        // The port is taken first: nothing is begun that a taken port would leave behind.
        let listener = listen::bind(arguments.listen).map_err(|e| {
            let code = if e.kind() == std::io::ErrorKind::AddrInUse {
                "address_in_use"
            } else {
                "address_unavailable"
            };
            let listen = arguments.listen;
            Refused::because(
                code,
                format!("cannot listen on {listen}: {e}; choose another with --listen"),
            )
        })?;
        let address = listener.local_addr()?;
        let requests = shutdown::Requests::catch()?;
        let fault = |fault: Misconfigured| Refused::because(&fault.code, fault.message);
        let checked = arguments
            .auth
            .check(address, tls.is_some())
            .map_err(fault)?;
        let ready = prepare(&arguments).await?;
        let (prepared, simulator) = (ready.prepared, ready.simulator);
        let kept = ready.keeps.then_some(arguments.data_dir.as_path());
        let auth = checked
            .start(kept, ready.exchange.as_deref())
            .await
            .map_err(fault)?;
        let refused = |e: hypersentry_api::ApiError| Refused::because(&e.code, &e.message);
        let terminal = Arc::new(Terminal::start(prepared).map_err(refused)?);
        let trades = simulator.is_some() || arguments.trade_live;
        if let Some(dir) = kept.filter(|_| trades) {
            let place = match &simulator {
                // A simulated venue begins anew with each run, and so does what is remembered of its orders.
                Some(_) => practice::place(dir, "practice", terminal.run_id()).map_err(refused)?,
                None => dir.join("trading"),
            };
            let signers = match &simulator {
                Some(simulator) => auth.practice(sim::signers(simulator)),
                None => auth.signers(),
            };
            terminal
                .open_trading(trading_plan(&place, simulator.is_some(), signers)?)
                .map_err(refused)?;
        }
        if let Some(dir) = kept.filter(|_| !arguments.paper.no_paper) {
            let plan = arguments.paper.plan(dir)?;
            // A server that does not follow Hyperliquid has none.
            match terminal.open_paper(&plan) {
                Err(error) if error.code == "trading_absent" => {}
                opened => opened.map_err(refused)?,
            }
        }
        let scheme = if tls.is_some() { "https" } else { "http" };
        writeln!(std::io::stdout(), "listening on {scheme}://{address}")?;
        let cancel = tokio_util::sync::CancellationToken::new();
        let stop = cancel.clone();
        tokio::spawn(async move {
            requests.first().await;
            stop.cancel();
        });
        let server = Server {
            terminal: Arc::clone(&terminal),
            ui: arguments.ui.clone(),
            limits: arguments.access.limits(),
            origins,
            open_metrics: arguments.access.open_metrics,
            auth,
            tls,
            cancel,
        };
        listen::serve(listener, server).await?;
        // Every connection has ended, so this is the last owner.
        if let Some(terminal) = Arc::into_inner(terminal) {
            terminal.stop().await;
        }
        if let Some(simulator) = simulator {
            simulator.shutdown().await;
        }
        Ok(ExitCode::SUCCESS)
    })
}
