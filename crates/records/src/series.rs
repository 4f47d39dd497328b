//! A curve as one packed series: a JSON array, which `json_each` unpacks in any SQLite client, and
//! which reads back here to the same bits.
//!
//! JSON has no word for what a diverged run leaves behind: NaN is written as `null`, infinities as
//! `9e999` and `-9e999`, which every reader of numbers turns into infinity (SQLite, Python and
//! JavaScript do). All NaNs read back as the one that [`f64::NAN`] is.

use crate::error::Trouble;

/// `values` as JSON. Each number is the shortest decimal that reads back to the same bits.
pub(crate) fn pack(values: &[f64]) -> String {
    let mut text = String::with_capacity(2 + 20 * values.len());
    text.push('[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if value.is_nan() {
            text.push_str("null");
        } else if value.is_infinite() {
            text.push_str(if *value > 0.0 { "9e999" } else { "-9e999" });
        } else {
            text.push_str(&format!("{value:?}"));
        }
    }
    text.push(']');
    text
}

/// The values that [`pack`] wrote; also any other JSON array of numbers and nulls.
pub(crate) fn unpack(text: &str) -> Result<Vec<f64>, Trouble> {
    let damaged = || Trouble::Damaged(format!("a curve is no series: {:.60}", text));
    let inner = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or_else(damaged)?.trim();
    if inner.is_empty() {
        return Ok(Vec::new());
    }
    inner
        .split(',')
        .map(|item| match item.trim() {
            "null" => Ok(f64::NAN),
            // Rust would also read words such as "inf", which JSON has not.
            number if number.ends_with(|last: char| last.is_ascii_digit()) => {
                number.parse().map_err(|_| damaged())
            }
            _ => Err(damaged()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn what_is_not_finite_has_its_own_words() {
        let values = [0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e300, 5e-324];
        let text = pack(&values);
        assert_eq!(text, "[0.5,null,9e999,-9e999,-0.0,1e300,5e-324]");
        assert_eq!(bits(&unpack(&text).unwrap()), bits(&values));
    }

    #[test]
    fn an_empty_curve_is_an_empty_array() {
        assert_eq!(pack(&[]), "[]");
        assert!(unpack("[]").unwrap().is_empty());
    }

    #[test]
    fn a_text_that_is_no_series_is_refused() {
        for text in ["", "[", "{}", "[1", "1,2", "[inf]", "[NaN]", "[1,]", "[\"1\"]", "[[1]]"] {
            assert!(matches!(unpack(text), Err(Trouble::Damaged(_))), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back_to_the_same_bits(
            raw in proptest::collection::vec(any::<f64>(), 0..20)
        ) {
            let one_nan = |value: f64| if value.is_nan() { f64::NAN } else { value };
            let values: Vec<f64> = raw.into_iter().map(one_nan).collect();
            prop_assert_eq!(bits(&unpack(&pack(&values)).unwrap()), bits(&values));
        }
    }
}
