//! Against a server that knows as much of the interface as is used here.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use ablate_sweep::{Curve, Kept, Params, RunId, TrialId, Value};

use super::*;

/// A finished run with a text that nobody would choose.
pub(crate) fn exported() -> Exported {
    let params = [
        ("dataset", Value::Text("=HYPERLINK(\"x\")\n日本".into())),
        ("width", Value::List(vec![500, 250])),
        ("long", Value::Text("é".repeat(10_000))),
    ];
    let params: Params = params.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    Exported {
        run: Run {
            id: RunId("00112233aabbccdd".into()),
            trial: TrialId("0123456789abcdef".into()),
            seed: 3,
            state: RunState::Finished,
            params,
            scores: BTreeMap::from([("test_error".to_owned(), 0.1 + 0.2)]),
            failure: None,
            data_checksum: "data".into(),
            training_version: "1".into(),
            kept: Some(Kept { epochs: 3, best_epoch: 2, weights_hash: "ab".repeat(32) }),
            seconds: Some(1.5),
        },
        curves: vec![Curve {
            name: "train_loss".into(),
            values: vec![1.0, f64::NAN, f64::INFINITY],
        }],
        experiments: vec!["it's \"odd\"".into()],
        started_at: "2026-11-26T01:02:03.000Z".into(),
        ended_at: Some("2026-11-26T01:02:04.500Z".into()),
        git_commit: Some("4f2c".into()),
    }
}

/// Answers `answers.len()` requests, and gives back what was asked: the call and the body.
fn server(answers: Vec<Json>) -> (Server, thread::JoinHandle<Vec<(String, Json)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::at(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let asked = thread::spawn(move || {
        let answer = |answer: Json| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            reader.read_line(&mut line).unwrap();
            let call = line.split(' ').nth(1).unwrap().to_owned();
            loop {
                line.clear();
                reader.read_line(&mut line).unwrap();
                match line.trim().split_once(": ") {
                    Some(("Content-Length", value)) => length = value.parse().unwrap(),
                    Some(_) => {}
                    None => break,
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let text = answer.to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", text.len());
            stream.write_all((head + &text).as_bytes()).unwrap();
            (call.replace("/api/2.0/mlflow/", ""), serde_json::from_slice(&body).unwrap())
        };
        answers.into_iter().map(answer).collect()
    });
    (server, asked)
}

#[test]
fn a_run_is_made_filled_and_ended() {
    let (server, asked) = server(vec![
        json!({"experiments": [{"name": "other", "experiment_id": "1"}]}),
        json!({"experiment_id": "7"}),
        json!({}),
        json!({"run": {"info": {"run_id": "abc"}}}),
        json!({}),
        json!({}),
        json!({}),
    ]);
    assert_eq!(send(&server, &[exported()]).unwrap(), Sent { added: 1, known: 0 });
    let asked = asked.join().unwrap();
    let calls: Vec<&str> = asked.iter().map(|(call, _)| call.as_str()).collect();
    assert_eq!(
        calls,
        [
            "experiments/search",
            "experiments/create",
            "runs/search",
            "runs/create",
            "runs/log-batch",
            "runs/log-batch",
            "runs/update"
        ]
    );
    assert_eq!(asked[1].1["name"], "it's \"odd\"");
    assert_eq!(
        (&asked[3].1["experiment_id"], &asked[3].1["start_time"]),
        (&json!("7"), &json!(1_795_654_923_000_i64))
    );
    assert_eq!(asked[4].1["params"][0]["value"], "=HYPERLINK(\"x\")\n日本");
    assert_eq!(asked[4].1["params"][1]["value"].as_str().unwrap().chars().count(), 6_000);
    let metrics = asked[5].1["metrics"].as_array().unwrap();
    let values: Vec<&Json> = metrics.iter().map(|metric| &metric["value"]).collect();
    assert_eq!(values, [&json!(1.0), &json!("NaN"), &json!("Infinity"), &json!(0.1 + 0.2)]);
    assert_eq!(asked[6].1["status"], "FINISHED");
}

#[test]
fn a_run_that_the_server_has_is_left_alone() {
    let (server, asked) = server(vec![
        json!({"experiments": [{"name": "it's \"odd\"", "experiment_id": "7"}]}),
        json!({"runs": [{}]}),
    ]);
    assert_eq!(send(&server, &[exported()]).unwrap(), Sent { added: 0, known: 1 });
    assert_eq!(asked.join().unwrap()[1].1["filter"], "tags.`ablate.run` = '00112233aabbccdd'");
}

#[test]
fn a_server_that_is_not_there_is_said_so() {
    let server = Server::at("http://127.0.0.1:1").unwrap();
    let error = send(&server, &[exported()]).unwrap_err();
    assert!(matches!(error, ExchangeError::Unreachable { .. }), "{error}");
}
