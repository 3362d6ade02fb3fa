//! Serves a simulator until it is killed: `serve [ADDR [SEED [SCENARIO_FILE]]]`. Prints the address on one line.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the command line"
)]

use hypersentry_sim::{Scenario, SimConfig, start};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments
        .next()
        .unwrap_or_else(|| "127.0.0.1:0".into())
        .parse()?;
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let scenario = match arguments.next() {
        Some(path) => Some(Scenario::from_json(&std::fs::read_to_string(path)?)?),
        None => None,
    };
    let simulator = match start(SimConfig {
        listen,
        seed,
        scenario,
        ..SimConfig::default()
    })
    .await
    {
        Ok(simulator) => simulator,
        Err(error) => {
            eprintln!("{}: {error}", error.code());
            std::process::exit(1);
        }
    };
    println!("{}", simulator.local_addr());
    tokio::signal::ctrl_c().await?;
    simulator.shutdown().await;
    Ok(())
}
