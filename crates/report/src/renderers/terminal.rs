//! What a terminal may be sent: control characters, escapes and marks that reorder text are made
//! visible, and widths are counted in columns.

use super::Emphasis;

/// `text` on one line, with every character that a terminal would obey instead of showing written
/// out: `\n`, `\t`, `\u{1b}`, `\u{202e}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_hidden(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    shown
}

/// Controls, and the invisible characters that reorder, join or hide what stands around them.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// How many terminal columns `text` takes: none for combining marks, two for East Asian wide
/// characters and emoji. The ranges are the common ones of Unicode's `EastAsianWidth.txt`.
pub(crate) fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' => 0,
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{303e}'
            | '\u{3041}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f300}'..='\u{1f64f}'
            | '\u{1f680}'..='\u{1f6ff}'
            | '\u{1f900}'..='\u{1f9ff}'
            | '\u{20000}'..='\u{3fffd}' => 2,
            _ => 1,
        })
        .sum()
}

/// `text` within the ANSI code (`1` bold, `2` dim, `31` red ...) where escapes may be used.
pub fn painted(text: &str, code: &str, emphasis: Emphasis) -> String {
    match emphasis {
        Emphasis::Plain => text.to_owned(),
        Emphasis::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        let hostile = "a\u{1b}[31mred\u{202e}gnp\r\n\u{9b}2J\u{7}";
        assert_eq!(visible(hostile), "a\\u{1b}[31mred\\u{202e}gnp\\r\\n\\u{9b}2J\\u{7}");
        assert_eq!(visible("±, é, 中 and λ stay"), "±, é, 中 and λ stay");
    }

    #[test]
    fn widths_are_counted_in_columns() {
        assert_eq!((width("4.14 ± 0.17"), width("中文"), width("e\u{301}")), (11, 4, 1));
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!visible(&text).chars().any(is_hidden));
        }
    }
}
