//! Names in messages: the one that was probably meant, and lists of what would be valid.

/// Longer names are nobody's slip of the finger, and comparing them would take long.
const MAX_LEN: usize = 64;

/// The name of `known` that `wrong` was probably meant to be: the nearest by insertions,
/// deletions, replacements and swaps of neighbours, if a third of its letters or fewer differ.
pub(crate) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if wrong.len() > MAX_LEN {
        return None;
    }
    let spelling = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    let distances = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&spelling(wrong), &spelling(name)), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= (name.chars().count() / 3).max(1) && distance < wrong.chars().count())
        .then_some(name)
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
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(listing(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listing(["a"]), "`a`");
        assert_eq!(listing([]), "");
    }
}
