use super::*;
use crate::world::{Got, Later};
use hypersentry_model::Timestamp;
use hypersentry_venues::session::RequestClass;

/// A door that lets everything go over the stream, or nothing.
#[derive(Debug)]
struct Opening(bool);

impl Door for Opening {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
    fn post(&self, _: &'static str, _: String, _: RequestClass, _: u32) -> Later<'_, Got> {
        Box::pin(std::future::pending())
    }
    fn may_post<'a>(&'a self, _: Address, _: &'a str, _: u32) -> Later<'a, Result<(), String>> {
        let may = self.0.then_some(()).ok_or_else(String::new);
        Box::pin(async { may })
    }
    fn stream_url(&self) -> String {
        String::new()
    }
    fn may_stream(&self, _: Address) -> Later<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
    fn stream_ended(&self, _: Address) {}
}

type Told = Result<Vec<Outcome>, String>;

fn carry(line: &Line, may: bool, body: &str) -> tokio::task::JoinHandle<Told> {
    let (line, body) = (line.clone(), body.to_owned());
    tokio::spawn(async move {
        let account = Address::new([1; 20]);
        let asked = Asked::Cancels(1);
        line.carry(&Opening(may), account, asked, body, 1).await
    })
}

async fn frame(carriage: &mut Carriage) -> String {
    let turn = carriage.turn().await;
    carriage.frame(turn).unwrap()
}

fn id(frame: &str) -> u64 {
    let frame: serde_json::Value = serde_json::from_str(frame).unwrap();
    frame["id"].as_u64().unwrap()
}

fn done(id: u64) -> String {
    let payload = r#"{"status":"ok","response":{"type":"cancel","data":{"statuses":["success"]}}}"#;
    format!(
        r#"{{"channel":"post","data":{{"id":{id},"response":{{"type":"action","payload":{payload}}}}}}}"#
    )
}

fn code(told: Told) -> &'static str {
    match told.unwrap().as_slice() {
        [Outcome::Unknown(told)] => told.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_did_not_leave_is_given_back() {
    let line = Line::default();
    let given_back = |told: Told| assert_eq!(told, Err("{}".to_owned()));
    given_back(carry(&line, true, "{}").await.unwrap());
    let carriage = Carriage::new(line.clone());
    given_back(carry(&line, false, "{}").await.unwrap());
    // Nothing was heard for long: the connection may be dead.
    if let Some(open) = line.open().as_mut() {
        open.heard -= LIVELY + Duration::from_secs(1);
    }
    given_back(carry(&line, true, "{}").await.unwrap());
    line.heard();
    let waiting = carry(&line, true, "{}");
    while carriage.queue.is_empty() {
        tokio::task::yield_now().await;
    }
    // It waited for the task that would have sent it.
    drop(carriage);
    given_back(waiting.await.unwrap());
    given_back(carry(&line, true, "{}").await.unwrap());
}

#[tokio::test]
async fn answers_come_in_any_order_and_what_was_sent_is_never_given_back() {
    let line = Line::default();
    let mut carriage = Carriage::new(line.clone());
    let first = carry(&line, true, r#"{"n":1}"#);
    let one = frame(&mut carriage).await;
    let second = carry(&line, true, r#"{"n":2}"#);
    let two = frame(&mut carriage).await;
    assert!(one.contains(r#"{"n":1}"#) && two.contains(r#"{"n":2}"#));
    assert_eq!(carriage.answered(br#"{"channel":"pong"}"#), None);
    assert_eq!(carriage.answered(done(id(&two)).as_bytes()), Some(None));
    assert_eq!(second.await.unwrap(), Ok(vec![Outcome::Done]));
    drop(carriage);
    assert_eq!(code(first.await.unwrap()), "connection_lost");
}

#[tokio::test]
async fn what_is_not_answered_is_given_up() {
    let line = Line::default();
    let mut carriage = Carriage::new(line.clone());
    let told = carry(&line, true, "{}");
    let sent = frame(&mut carriage).await;
    // As if it had been sent long ago.
    carriage.began -= GIVE_UP;
    let turn = carriage.turn().await;
    assert!(matches!(turn, Turn::Due));
    assert_eq!(carriage.frame(turn), None);
    assert_eq!(code(told.await.unwrap()), "no_answer");
    assert_eq!(carriage.answered(done(id(&sent)).as_bytes()), None);
}

#[tokio::test]
async fn all_accounts_share_the_places_of_the_address() {
    let places = Places::default();
    let lines: Vec<Line> = (0..2).map(|_| Line::new(places.clone())).collect();
    let mut carriages: Vec<Carriage> = lines.iter().cloned().map(Carriage::new).collect();
    let mut waiting = Vec::new();
    for n in 0..MAX_WAITING {
        waiting.push(carry(&lines[n % 2], true, "{}"));
        frame(&mut carriages[n % 2]).await;
    }
    assert!(carry(&lines[0], true, "{}").await.unwrap().is_err());
    carriages.truncate(1);
    // What the other connection lost is no longer waited for.
    for told in waiting.iter_mut().skip(1).step_by(2) {
        assert_eq!(code(told.await.unwrap()), "connection_lost");
    }
    let next = carry(&lines[0], true, "{}");
    frame(&mut carriages[0]).await;
    drop(carriages);
    assert!(next.await.unwrap().is_ok());
}
