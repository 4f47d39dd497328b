//! Tags, notes and the archive: what people say of runs is stored as they said it, and found again.

use ablate_records::{Archive, Archived, Cell, Columns, Marks, Query, RecordsError};
use ablate_sweep::{Filter, RunId};

use crate::fixtures::*;

/// Three finished runs.
fn filled() -> (Fixture, Vec<RunId>) {
    let mut fixture = Fixture::new();
    let plans: Vec<_> = (0..3).map(|seed| plan(1, seed)).collect();
    for plan in &plans {
        fixture.finish(plan, 0.25);
    }
    (fixture, plans.into_iter().map(|plan| plan.id).collect())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn count(fixture: &Fixture, text: &str) -> u64 {
    let filter = Some(Filter::parse(text).unwrap());
    fixture.store.count(&Query { filter, ..Query::default() }).unwrap()
}

#[test]
fn tags_are_given_and_taken_once_and_filters_find_them() {
    let (mut fixture, runs) = filled();
    for _twice in 0..2 {
        fixture.store.tag(&runs[..2], &words(&["good", "a, b"]), &[]).unwrap();
        fixture.store.tag(&runs[..1], &[], &words(&["good", "never given"])).unwrap();
    }
    assert_eq!(fixture.store.marks(&runs[0]).unwrap().tags, ["a, b"]);
    assert_eq!(fixture.store.marks(&runs[1]).unwrap().tags, ["a, b", "good"]);
    for (text, expected) in [
        ("tag == 'good'", 1),
        ("tag != 'good'", 2),
        ("tag in ['good', 'a, b']", 2),
        ("tag not in ['a, b']", 1),
        ("tag like 'a%'", 2),
        ("tag is missing", 1),
        ("tag is not missing and not tag == 'good'", 1),
    ] {
        assert_eq!(count(&fixture, text), expected, "{text}");
    }
    let filter = Some(Filter::parse("tag == 'good'").unwrap());
    let shown = fixture.store.query(&Query { filter, ..Query::default() }).unwrap();
    let tags = shown.columns.iter().position(|column| column == "tags").unwrap();
    assert_eq!(shown.rows[0][tags], Cell::Text("a, b, good".into()));
}

#[test]
fn a_filter_on_the_column_that_lists_all_tags_says_what_to_write() {
    let (fixture, _) = filled();
    let filter = Some(Filter::parse("tags == 'good'").unwrap());
    let error = fixture.store.query(&Query { filter, ..Query::default() }).unwrap_err();
    assert!(error.to_string().contains("`tag == 'name'`"), "{error}");
}

#[test]
fn a_note_is_replaced_and_taken_away() {
    let (mut fixture, runs) = filled();
    for note in [Some("first"), Some("second\nline"), None] {
        fixture.store.note(&runs[0], note).unwrap();
        assert_eq!(fixture.store.marks(&runs[0]).unwrap().note.as_deref(), note);
        assert_eq!(count(&fixture, "note is missing"), if note.is_some() { 2 } else { 3 });
    }
    fixture.store.note(&runs[1], Some("an odd one")).unwrap();
    assert_eq!(count(&fixture, "note like '%odd%'"), 1);
}

#[test]
fn archived_runs_are_out_of_sight_until_they_are_asked_for() {
    let (mut fixture, runs) = filled();
    fixture.store.archive(&runs[..2], Archived::Yes).unwrap();
    assert_eq!(count(&fixture, "seed >= 0"), 1);
    assert_eq!(count(&fixture, "archived == true"), 2);
    let open = Query { archive: Archive::Open, ..Query::default() };
    assert_eq!(fixture.store.count(&open).unwrap(), 3);
    assert_eq!(fixture.store.archived().unwrap(), runs[..2].iter().cloned().collect());
    fixture.store.archive(&runs, Archived::No).unwrap();
    assert_eq!(count(&fixture, "seed >= 0"), 3);
}

#[test]
fn a_run_that_is_trained_again_keeps_what_was_said_of_it() {
    let (mut fixture, _) = filled();
    let failed = plan(2, 0);
    fixture.fail(&failed, "diverged");
    fixture.store.tag(std::slice::from_ref(&failed.id), &words(&["odd"]), &[]).unwrap();
    fixture.finish(&failed, 0.5);
    assert_eq!(fixture.store.marks(&failed.id).unwrap().tags, ["odd"]);
}

#[test]
fn what_cannot_be_done_for_every_run_is_done_for_none() {
    let (mut fixture, mut runs) = filled();
    runs.push(RunId("0123456789abcdef".into()));
    let tags = words(&["good"]);
    for error in [
        fixture.store.tag(&runs, &tags, &[]).unwrap_err(),
        fixture.store.archive(&runs, Archived::Yes).unwrap_err(),
    ] {
        assert!(matches!(error, RecordsError::UnknownRun { .. }), "{error}");
    }
    assert_eq!(fixture.store.marks(&runs[0]).unwrap(), Marks::default());
    for empty in ["", " "] {
        let error = fixture.store.tag(&runs[..1], &words(&[empty]), &[]).unwrap_err();
        assert!(matches!(error, RecordsError::EmptyTag), "{error}");
    }
}

#[test]
fn hostile_tags_and_notes_come_back_as_they_went_in() {
    let (mut fixture, runs) = filled();
    let long = "x".repeat(10_000);
    let hostile =
        ["'; DROP TABLE run; --", "\"\n\u{1b}[2J\u{202e}", "=HYPERLINK(\"x\")", "../../x", &long];
    fixture.store.tag(&runs[..1], &words(&hostile), &[]).unwrap();
    let mut expected = words(&hostile);
    expected.sort();
    assert_eq!(fixture.store.marks(&runs[0]).unwrap().tags, expected);
    for text in hostile {
        fixture.store.note(&runs[1], Some(text)).unwrap();
        let columns = Columns::Named(words(&["note"]));
        let query = Query { columns, ..Query::default() };
        let rows = fixture.store.query(&query).unwrap().rows;
        assert_eq!(rows[1], [Cell::Text(text.to_owned())]);
        let quoted = text.replace('\'', "''").replace('\\', "\\\\");
        assert_eq!(count(&fixture, &format!("tag == '{quoted}'")), 1);
    }
}
