//! The computation of a hash: one of the algorithms, in the middle of its input.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512, Shake128, Shake256};

/// The names, sizes in bytes (0: the user says how much is wanted) and beginnings of the algorithms without parameters.
macro_rules! algorithms {
    ($($variant:ident $hash:ty, $name:literal, $digest:literal, $block:literal;)*) => {
        /// See the module's head.
        #[derive(Clone)]
        pub enum State {
            $($variant(Box<$hash>),)*
            Blake2b(Box<blake2b_simd::State>),
            Blake2s(Box<blake2s_simd::State>),
        }

        /// An algorithm without parameters.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Algorithm { $($variant,)* }

        impl Algorithm {
            /// A hash of nothing yet.
            pub fn start(self) -> State {
                match self {
                    $(Algorithm::$variant => State::$variant(Box::default()),)*
                }
            }

            /// By the name that `hashlib` gives it.
            pub fn named(name: &str) -> Option<Algorithm> {
                match name {
                    $($name => Some(Algorithm::$variant),)*
                    _ => None,
                }
            }
        }

        impl State {
            pub fn name(&self) -> &'static str {
                match self {
                    $(State::$variant(_) => $name,)*
                    State::Blake2b(_) => "blake2b",
                    State::Blake2s(_) => "blake2s",
                }
            }

            /// In bytes; `blake` is what Blake2 was asked for.
            pub fn digest_size(&self, blake: usize) -> usize {
                match self {
                    $(State::$variant(_) => $digest,)*
                    State::Blake2b(_) | State::Blake2s(_) => blake,
                }
            }

            pub fn block_size(&self) -> usize {
                match self {
                    $(State::$variant(_) => $block,)*
                    State::Blake2b(_) => 128,
                    State::Blake2s(_) => 64,
                }
            }

            /// Takes more input.
            pub fn update(&mut self, data: &[u8]) {
                match self {
                    $(State::$variant(state) => Update::update(&mut **state, data),)*
                    State::Blake2b(state) => drop(state.update(data)),
                    State::Blake2s(state) => drop(state.update(data)),
                }
            }
        }
    };
}

algorithms! {
    Md5 Md5, "md5", 16, 64;
    Sha1 Sha1, "sha1", 20, 64;
    Sha224 Sha224, "sha224", 28, 64;
    Sha256 Sha256, "sha256", 32, 64;
    Sha384 Sha384, "sha384", 48, 128;
    Sha512 Sha512, "sha512", 64, 128;
    Sha3_224 Sha3_224, "sha3_224", 28, 144;
    Sha3_256 Sha3_256, "sha3_256", 32, 136;
    Sha3_384 Sha3_384, "sha3_384", 48, 104;
    Sha3_512 Sha3_512, "sha3_512", 64, 72;
    Shake128 Shake128, "shake_128", 0, 168;
    Shake256 Shake256, "shake_256", 0, 136;
}

impl Algorithm {
    /// Fills `key` with what PBKDF2 (RFC 8018) derives with keyed hashes of this algorithm. False if it has no digest of its own
    /// length.
    pub fn derive_key(self, password: &[u8], salt: &[u8], rounds: u32, key: &mut [u8]) -> bool {
        let derive = match self {
            Algorithm::Md5 => pbkdf2::pbkdf2_hmac::<Md5>,
            Algorithm::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>,
            Algorithm::Sha224 => pbkdf2::pbkdf2_hmac::<Sha224>,
            Algorithm::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>,
            Algorithm::Sha384 => pbkdf2::pbkdf2_hmac::<Sha384>,
            Algorithm::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>,
            Algorithm::Sha3_224 => pbkdf2::pbkdf2_hmac::<Sha3_224>,
            Algorithm::Sha3_256 => pbkdf2::pbkdf2_hmac::<Sha3_256>,
            Algorithm::Sha3_384 => pbkdf2::pbkdf2_hmac::<Sha3_384>,
            Algorithm::Sha3_512 => pbkdf2::pbkdf2_hmac::<Sha3_512>,
            Algorithm::Shake128 | Algorithm::Shake256 => return false,
        };
        derive(password, salt, rounds, key);
        true
    }
}

fn fixed<D: Digest + Clone>(state: &D) -> Vec<u8> {
    state.clone().finalize().to_vec()
}

fn extended<D: ExtendableOutput + Clone>(state: &D, to: &mut [u8]) {
    state.clone().finalize_xof().read(to);
}

impl State {
    /// The hash of the input so far.
    pub fn digest(&self) -> Vec<u8> {
        match self {
            State::Md5(s) => fixed(&**s),
            State::Sha1(s) => fixed(&**s),
            State::Sha224(s) => fixed(&**s),
            State::Sha256(s) => fixed(&**s),
            State::Sha384(s) => fixed(&**s),
            State::Sha512(s) => fixed(&**s),
            State::Sha3_224(s) => fixed(&**s),
            State::Sha3_256(s) => fixed(&**s),
            State::Sha3_384(s) => fixed(&**s),
            State::Sha3_512(s) => fixed(&**s),
            State::Shake128(_) | State::Shake256(_) => Vec::new(),
            State::Blake2b(s) => s.finalize().as_bytes().to_vec(),
            State::Blake2s(s) => s.finalize().as_bytes().to_vec(),
        }
    }

    /// Fills `to` with the hash of the input so far, of an algorithm whose length the user says.
    pub fn extended_digest(&self, to: &mut [u8]) {
        match self {
            State::Shake128(s) => extended(&**s, to),
            State::Shake256(s) => extended(&**s, to),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_algorithms() {
        use Algorithm::*;
        for algorithm in [Md5, Sha1, Sha224, Sha256, Sha384, Sha512, Sha3_224, Sha3_256, Sha3_384, Sha3_512] {
            let mut state = algorithm.start();
            state.update(b"abc");
            assert_eq!(state.digest().len(), state.digest_size(0), "{}", state.name());
        }
    }
}
