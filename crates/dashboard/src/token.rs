//! The token without which a server that others can reach answers nobody.

use std::fmt;

use sha2::{Digest, Sha256};

/// A secret word. It travels once in an address, then in a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one from the operating system's random numbers: 128 bits.
    ///
    /// # Errors
    /// If the operating system gives none.
    pub fn random() -> Result<Token, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The word itself, to be shown to whoever started the server.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Whether `word` is it. Hashes are compared, so that the time taken says nothing of the word.
    pub(crate) fn is(&self, word: &str) -> bool {
        Sha256::digest(word) == Sha256::digest(&self.0)
    }
}

/// The word stays out of logs.
impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_differ_and_only_the_whole_word_is_one() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert!(one.secret().len() == 32 && one != other);
        assert!(one.is(one.secret()) && !one.is(other.secret()));
        assert!(!one.is(&one.secret()[..31]) && !one.is(""));
        assert_eq!(format!("{one:?}"), "Token");
    }
}
