//! Names in messages: the one that was probably meant, and lists of what would be valid.

/// Longer names are nobody's slip of the finger, and comparing them would take long.
const MAX_LEN: usize = 64;

/// The name of `known` that `wrong` was probably meant to be: the first of [`alike`].
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    alike(wrong, known).into_iter().next()
}

/// The names of `known` that `wrong` may have been meant to be, the nearest first: by insertions,
/// deletions, replacements and swaps of neighbours, those of which a third of the letters or fewer
/// differ.
pub fn alike<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if wrong.len() > MAX_LEN {
        return Vec::new();
    }
    let spelling = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    let is_alike = |distance: usize, name: &str| {
        distance <= (name.chars().count() / 3).max(1) && distance < wrong.chars().count()
    };
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&spelling(wrong), &spelling(name)), name))
        .filter(|(distance, name)| is_alike(*distance, name))
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, name)| name).collect()
}

/// `` `a`, `b` and `c` ``; nothing for no names.
pub(crate) fn listing<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let Some(last) = quoted.pop() else { return String::new() };
    if quoted.is_empty() { last } else { format!("{} and {last}", quoted.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let known = ["lambda", "depth", "learning_rate", "salt-and-pepper"];
        for (wrong, meant) in [
            ("lamda", Some("lambda")),
            ("detph", Some("depth")),
            ("Depth", Some("depth")),
            ("learning-rate", Some("learning_rate")),
            ("salt_and_pepper", Some("salt-and-pepper")),
            ("sigma", None),
            ("d", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, known), meant, "{wrong}");
        }
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
        let known = ["test_loss", "text_error", "test_error", "depth"];
        assert_eq!(alike("test_eror", known), ["test_error", "text_error"]);
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(listing(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listing(["a"]), "`a`");
        assert_eq!(listing([]), "");
    }
}
