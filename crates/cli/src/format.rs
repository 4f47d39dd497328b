//! How durations, sizes and counts are said in messages.

use std::time::Duration;

/// `8 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// An estimate, so no more digits than it deserves: `about 40 s`, `about 3 min`.
pub(crate) fn about(seconds: f64) -> String {
    match seconds {
        ..1.0 => "about a second".to_owned(),
        1.0..90.0 => format!("about {seconds:.0} s"),
        90.0..5400.0 => format!("about {:.0} min", seconds / 60.0),
        _ => format!("about {:.1} h", seconds / 3600.0),
    }
}

/// `340 MB`, `1.2 GB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes < 1e9 {
        format!("{:.0} MB", (bytes / 1e6).ceil())
    } else {
        format!("{:.1} GB", bytes / 1e9)
    }
}

/// `1 run`, `12 runs`.
pub(crate) fn count(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// `text` as one word of a command line, in quotes if it needs them.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.contains(['"', '$', '`', '\\', '!']) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        format!("\"{text}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_the_two_units_that_matter() {
        let said = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!([said(8), said(200), said(7500)], ["8 s", "3 min 20 s", "2 h 5 min"]);
        assert_eq!(
            [about(0.2), about(40.3), about(185.0)],
            ["about a second", "about 40 s", "about 3 min"]
        );
    }

    #[test]
    fn words_of_a_command_line_are_quoted_where_a_shell_would_take_them_apart() {
        for (text, word) in [
            ("--jobs=2", "--jobs=2"),
            ("\u{f8}rsted.toml", "\u{f8}rsted.toml"),
            ("", "\"\""),
            ("a file.toml", "\"a file.toml\""),
            ("experiment == 'a'", "\"experiment == 'a'\""),
            ("it's $HOME", r"'it'\''s $HOME'"),
            ("say \"no\"", "'say \"no\"'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!([count(1, "run"), count(0, "run")], ["1 run", "0 runs"]);
    }
}
