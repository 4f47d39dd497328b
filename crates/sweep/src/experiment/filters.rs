//! Filters within an experiment file: read, located inside their TOML string, and checked against
//! the catalog, so that a filter that could never hold is found before anything is trained.

use std::ops::Range;

use super::document::Field;
use crate::catalog::{Catalog, Domain};
use crate::filter::{Comparator, Expr, Filter, Name, Operand};
use crate::mistakes::{Mistake, Place};
use crate::names::nearest;
use crate::value::Value;

/// The filter that `field` of the file `file` is; its names are parameters.
pub(super) fn filter(
    field: &Field<'_>,
    file: &str,
    catalog: &Catalog,
    log: &mut Vec<Mistake>,
) -> Option<Filter> {
    let text = field.text(log)?;
    let Place::File(string) = &field.value_place else { return None };
    let place = |span: &Range<usize>| Place::File(locate(file, string, text, span));
    match Filter::parse(text) {
        Ok(filter) => {
            let known = log.len();
            for name in filter.expr.names() {
                log.extend(unknown_name(name, &place(&name.span), catalog));
            }
            literals(&filter.expr, &mut |name, value| {
                log.extend(impossible(name, value, &place(&name.span), catalog));
            });
            (log.len() == known).then_some(filter)
        }
        Err(error) => {
            log.push(Mistake::new(&place(&error.span), format!("`{}`: {error}", field.key)));
            None
        }
    }
}

fn unknown_name(name: &Name, place: &Place, catalog: &Catalog) -> Option<Mistake> {
    if name.reading.is_some() {
        let mistake = Mistake::new(place, format!("`{name}` is no parameter"));
        return Some(mistake.label("a curve is what a run leaves; here only parameters are known"));
    }
    let known = catalog.param_names();
    if known.contains(&name.text.as_str()) {
        return None;
    }
    let mistake = Mistake::new(place, format!("`{}` is no parameter", name.text));
    let is_choice = known
        .iter()
        .flat_map(|known| catalog.declarations(known))
        .any(|param| param.domain.names().contains(&name.text.as_str()));
    Some(match nearest(&name.text, known) {
        _ if is_choice => mistake.label(format!("to mean the name, write '{}'", name.text)),
        _ if catalog.metric(&name.text).is_some() => {
            mistake.label("it is a metric; here only parameters are known")
        }
        Some(near) => mistake.label(format!("did you mean `{near}`?")),
        None => mistake.help("`ablate list` names every parameter"),
    })
}

/// Calls `each` with every name that is tested for equality with a value, and that value.
fn literals<'e>(expr: &'e Expr, each: &mut dyn FnMut(&'e Name, &'e Value)) {
    match expr {
        Expr::And(left, right) | Expr::Or(left, right) => {
            literals(left, each);
            literals(right, each);
        }
        Expr::Not(inner) => literals(inner, each),
        Expr::Compare(
            Operand::Name(name),
            Comparator::Equal | Comparator::NotEqual,
            Operand::Value(value),
        )
        | Expr::Compare(
            Operand::Value(value),
            Comparator::Equal | Comparator::NotEqual,
            Operand::Name(name),
        ) => each(name, value),
        Expr::In(name, values) => values.iter().for_each(|value| each(name, value)),
        Expr::Compare(..) | Expr::Like(..) | Expr::Missing(_) => {}
    }
}

/// A mistake if no declaration of the parameter could ever have this value. Numbers outside the
/// range are let through: a filter may be wider than what it is for.
fn impossible(name: &Name, value: &Value, place: &Place, catalog: &Catalog) -> Option<Mistake> {
    let declarations = catalog.declarations(&name.text);
    let domains: Vec<&Domain> = declarations.iter().map(|param| &param.domain).collect();
    let possible = |domain: &&Domain| match domain {
        Domain::Bool | Domain::Choice(_) | Domain::ChoiceOrPath { .. } | Domain::LayerChoice(_) => {
            domain.check(value).is_ok()
        }
        Domain::Int { word, .. } => {
            value.as_float().is_some() || (word.is_some() && value.as_text() == *word)
        }
        Domain::Float { .. } | Domain::Widths { .. } => value.as_float().is_some(),
    };
    let first = domains.first()?;
    if domains.iter().any(possible) {
        return None;
    }
    let shown = match value {
        Value::Text(text) => format!("'{text}'"),
        other => other.to_string(),
    };
    let mistake = Mistake::new(place, format!("`{}` is never {shown}", name.text));
    Some(match first.nearest(value) {
        Some(near) => mistake.label(format!("did you mean '{near}'?")),
        None => mistake.label(format!("it takes {first}")),
    })
}

/// Where `span` of the decoded `text` stands in the file, given where its TOML string stands; all
/// of the string if its escapes cannot be followed.
fn locate(file: &str, string: &Range<usize>, text: &str, span: &Range<usize>) -> Range<usize> {
    let raw = &file[string.clone()];
    let quote = raw.chars().next().unwrap_or('"');
    let triple = [quote; 3].iter().collect::<String>();
    let mut start = if raw.starts_with(&triple) && raw.len() >= 6 { 3 } else { 1 };
    if start == 3 {
        // A newline right after the opening quotes does not belong to the text.
        let after = &raw[3..];
        start += after.len()
            - after.strip_prefix("\r\n").or(after.strip_prefix('\n')).unwrap_or(after).len();
    }
    let offset = |decoded: usize| -> Option<usize> {
        let mut at = start;
        let mut letters = text[..decoded].chars();
        loop {
            let rest = raw.get(at..)?;
            let continued = if quote == '"' { continuation(rest) } else { 0 };
            if continued > 0 {
                at += continued;
                continue;
            }
            let Some(letter) = letters.next() else { return Some(at) };
            at += match rest.starts_with('\\') && quote == '"' {
                true => escape_len(rest)?,
                false if rest.starts_with("\r\n") && letter == '\n' => 2,
                false => rest.chars().next().filter(|raw| *raw == letter)?.len_utf8(),
            };
        }
    };
    match (offset(span.start), offset(span.end)) {
        (Some(from), Some(to)) => string.start + from..string.start + to.max(from),
        _ => string.clone(),
    }
}

/// The length of a backslash that ends a line, with all white space after it; else 0.
fn continuation(rest: &str) -> usize {
    let Some(after) = rest.strip_prefix('\\') else { return 0 };
    let trimmed = after.trim_start();
    let skipped = &after[..after.len() - trimmed.len()];
    if skipped.contains('\n') { 1 + skipped.len() } else { 0 }
}

/// The length of the escape sequence that `rest` begins with.
fn escape_len(rest: &str) -> Option<usize> {
    Some(match rest.chars().nth(1)? {
        'u' => 6,
        'U' => 10,
        'x' => 4,
        _ => 2,
    })
}

#[cfg(test)]
mod tests {
    use super::locate;

    /// What the place of `word` in the decoded text shows in the file.
    fn shown<'f>(file: &'f str, word: &str) -> &'f str {
        let table: toml::Table = file.parse().unwrap();
        let text = table["if"].as_str().unwrap().to_owned();
        let document = toml::de::DeTable::parse(file).unwrap();
        let string = document.get_ref()["if"].span();
        let at = text.find(word).unwrap();
        &file[locate(file, &string, &text, &(at..at + word.len()))]
    }

    #[test]
    fn places_are_found_behind_every_kind_of_quote_and_escape() {
        for file in [
            r#"if = "a == 'µ' and odd""#,
            r#"if = 'a == "µ" and odd'"#,
            r#"if = "a == \"\u00b5\\\" and odd""#,
            r#"if = "\U000000b5 \xb5 odd""#,
            "if = '''\nx\nodd'''",
            "if = \"\"\"\r\nx\r\nodd\"\"\"",
            "if = \"\"\"x \\\n     odd\"\"\"",
            "if = \"\"\"x\\\\ \\\r\n     odd\"\"\"",
        ] {
            assert_eq!(shown(file, "odd"), "odd", "in {file}");
        }
    }
}
