//! Starting and stopping.

use hypersentry_sim::{SimConfig, SimError, start};
use tokio::net::TcpStream;

use crate::client::{Got, Ws, config, get, simulator};

#[tokio::test]
async fn a_taken_address_is_named() {
    let first = simulator(1).await;
    let second = start(SimConfig {
        listen: first.local_addr(),
        ..config(1, None)
    })
    .await;
    let error = second.unwrap_err();
    assert_eq!(error.code(), "address_in_use");
    assert!(matches!(error, SimError::AddressInUse { address } if address == first.local_addr()));
    first.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_closes_connections_and_the_port() {
    let simulator = simulator(1).await;
    let address = simulator.local_addr();
    let mut one = Ws::open(&simulator, "/hyperliquid/ws").await;
    let mut two = Ws::open(&simulator, "/binance-spot/ws/btcusdt@depth@100ms").await;
    two.json().await;
    let started = tokio::time::Instant::now();
    simulator.shutdown().await;
    assert!(started.elapsed().as_secs() < 4, "a task did not end");
    assert_eq!(one.end().await, Got::Closed(1001));
    assert_eq!(two.end().await, Got::Closed(1001));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_unknown_path_is_json_too() {
    let simulator = simulator(1).await;
    let answer = get(&simulator, "/kraken").await;
    assert_eq!((answer.status, &answer.body["code"]), (404, &404.into()));
    simulator.shutdown().await;
}
