//! What has changed between the process that trained a run and this one.

use ablate_records::Session;

/// One line: every fact of program and machine that is another now, or that none is.
pub(super) fn changes(then: &Session, now: &Session) -> String {
    let facts = [
        ("ablate", Some(then.version.clone()), Some(now.version.clone())),
        ("binary", then.binary.clone(), now.binary.clone()),
        ("commit", commit(then), commit(now)),
        ("processor", then.cpu.clone(), now.cpu.clone()),
        ("vendor", then.cpu_vendor.clone(), now.cpu_vendor.clone()),
        ("vectors", then.simd.clone(), now.simd.clone()),
        ("system", Some(then.os.clone()), Some(now.os.clone())),
        ("cores", number(then.cores), number(now.cores)),
        ("jobs", number(then.jobs), number(now.jobs)),
    ];
    let changed =
        facts.into_iter().filter(|(_, then, now)| then != now).map(|(name, then, now)| {
            let said = |fact: Option<String>| fact.unwrap_or_else(|| "not recorded".to_owned());
            format!("{name}: {} then, {} now", said(then), said(now))
        });
    let changed: Vec<String> = changed.collect();
    match changed.as_slice() {
        [] => "environment: nothing that is recorded of program and machine has changed".to_owned(),
        _ => format!("environment: {}", changed.join("; ")),
    }
}

fn commit(session: &Session) -> Option<String> {
    let commit = session.git_commit.as_ref()?.get(..12)?;
    Some(match &session.git_dirty {
        Some(changes) => format!("{commit} with changes {changes}"),
        None => commit.to_owned(),
    })
}

fn number(count: Option<u32>) -> Option<String> {
    count.map(|count| count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_said() {
        let now = Session {
            version: "1".into(),
            binary: Some("aa".into()),
            simd: Some("avx512".into()),
            jobs: Some(1),
            ..Session::default()
        };
        assert!(
            changes(&now, &now)
                .ends_with("nothing that is recorded of program and machine has changed")
        );
        let then = Session { binary: None, simd: Some("avx2".into()), ..now.clone() };
        assert_eq!(
            changes(&then, &now),
            "environment: binary: not recorded then, aa now; vectors: avx2 then, avx512 now"
        );
    }
}
