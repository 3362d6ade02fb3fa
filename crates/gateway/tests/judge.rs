//! `hypersentry-gateway judge` as a process of its own: it is given events as text and has nothing else to go by.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

#[path = "../../alpha/tests/market/mod.rs"]
mod market;

use hypersentry_alpha::{EngineParams, Evidence, Readings};
use market::scatter::event;
use market::{Events, Noise, World};
use std::io::{BufWriter, Write};
use std::process::{Command, Output, Stdio};

/// Writes so many events, half from a market and half of unrelated figures, as a run would tell them.
fn write(out: &mut impl Write, wanted: usize) {
    let params = EngineParams::default();
    let digest = params.digest();
    let mut readings = Readings::default();
    let mut seq = 0;
    let mut tell = |evidence: Evidence, out: &mut dyn Write| {
        seq += 1;
        let data = event(evidence, &mut readings, &params, &digest);
        let data = serde_json::to_string(&data).unwrap();
        writeln!(
            out,
            r#"{{"event_type":"alpha_conviction","symbol":"BTC","ts_ms":1,"source":"alpha","seq":{seq},"data":{data}}}"#
        )
        .unwrap();
    };
    let half = wanted / 2;
    let events = Events {
        shoves: true,
        outages: true,
    };
    let mut told = 0;
    let minutes = half as i64 / market::MINUTE + 1;
    World::new(21, Noise::Jumps, 1.0)
        .with(events)
        .run(minutes, &params, |_, evidence| {
            if told < half {
                told += 1;
                tell(evidence.clone(), out);
            }
        });
    let mut world = World::new(22, Noise::Walk, 1.0);
    for _ in told..wanted {
        tell(world.scatter(), out);
    }
}

fn judge(feed: impl FnOnce(&mut dyn Write) + Send) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hypersentry-gateway"))
        .arg("judge")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut out = BufWriter::new(stdin);
            feed(&mut out);
            // A judge that found something reads no further.
            let _ = out.flush();
        });
        child.wait_with_output().unwrap()
    })
}

fn summary(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn events_are_judged_and_others_skipped() {
    let output = judge(|mut out| {
        writeln!(
            out,
            r#"{{"event_type":"agg_update","symbol":"BTC","seq":1,"data":{{}}}}"#
        )
        .unwrap();
        write(&mut out, 1_000);
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let wanted =
        serde_json::json!({"lines": 1_001, "judged": 1_000, "skipped": 1, "mismatches": 0});
    assert_eq!(summary(&output), wanted);
}

#[test]
fn the_first_event_that_does_not_follow_is_named() {
    let mut text = Vec::new();
    write(&mut text, 40);
    let text = String::from_utf8(text).unwrap();
    let altered: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(index, line)| match index {
            25 | 30 => line.replacen(r#""trust":"#, r#""trust":1e-9,"_":"#, 1),
            _ => line.to_owned(),
        })
        .collect();
    let output = judge(|out| {
        for line in &altered {
            let _ = writeln!(out, "{line}");
        }
    });
    assert_eq!(output.status.code(), Some(1));
    let finding: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(finding["line"], 26);
    assert_eq!(finding["code"], "mismatch");
    assert_eq!(
        (&finding["symbol"], &finding["seq"]),
        (&"BTC".into(), &26.into())
    );
    assert_eq!(summary(&output)["judged"], 25);
}

#[test]
fn what_is_no_event_is_named_too() {
    for (line, code) in [
        ("{", "bad_json"),
        (
            r#"{"event_type":"alpha_conviction","data":{"score":1}}"#,
            "not_a_conviction",
        ),
    ] {
        let output = judge(|out| writeln!(out, "{line}").unwrap());
        assert_eq!(output.status.code(), Some(1));
        let finding: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(
            (&finding["line"], &finding["code"]),
            (&1.into(), &code.into())
        );
    }
}

/// `cargo test -p hypersentry-gateway --test judge -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn a_million_events_are_judged_in_another_process() {
    let output = judge(|mut out| write(&mut out, 1_000_000));
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success());
    assert_eq!(summary(&output)["judged"], 1_000_000);
}
