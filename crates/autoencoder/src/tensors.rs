//! Named tensors as bytes and back: safetensors, whose metadata hold a hash of all that the file says,
//! so that a file proves by itself that it is whole. The same tensors give the same bytes.

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor, Var};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The metadata's one entry: SHA-256 over names, kinds, shapes and values, the names in order.
const HASH: &str = "sha256";

/// Why bytes are not the tensors that were expected.
#[derive(Debug, Error)]
pub enum Damage {
    /// The format does not hold.
    #[error("not a safetensors file: {0}")]
    Format(String),
    /// The values are not those that were written.
    #[error("its contents have changed since they were written: SHA-256 {found}, not {written}")]
    Changed {
        /// What the contents come to.
        found: String,
        /// What they came to when they were written.
        written: String,
    },
    /// Somebody else's file.
    #[error("it has no hash of its contents, so ablate did not write it")]
    Foreign,
    /// A tensor is missing or has another shape or kind.
    #[error("tensor {name}: {found}, where {wanted} was expected")]
    Tensor {
        /// Its name.
        name: String,
        /// What is there.
        found: String,
        /// What should be.
        wanted: String,
    },
    /// Candle refused; always a fault of this program.
    #[error("candle: {0}")]
    Candle(#[from] candle_core::Error),
}

/// Tensors by name: weights in `f32`, curves in `f64`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensors(BTreeMap<String, Stored>);

#[derive(Clone, Debug, PartialEq)]
struct Stored {
    kind: Dtype,
    shape: Vec<usize>,
    /// Little-endian.
    bytes: Vec<u8>,
}

impl Tensors {
    /// Adds the values of `tensor` in `f32`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn put(&mut self, name: &str, tensor: &Tensor) -> candle_core::Result<()> {
        let values: Vec<f32> = tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?;
        self.put_values(name, tensor.dims(), values.into_iter());
        Ok(())
    }

    /// Adds `values`, as many as `shape` has.
    pub(crate) fn put_values(
        &mut self,
        name: &str,
        shape: &[usize],
        values: impl Iterator<Item = f32>,
    ) {
        let bytes = values.flat_map(f32::to_le_bytes).collect();
        self.0.insert(name.to_owned(), Stored { kind: Dtype::F32, shape: shape.to_vec(), bytes });
    }

    /// The values of the tensor `name`, of that `shape`.
    ///
    /// # Errors
    /// [`Damage::Tensor`] if it is not there, or another.
    pub(crate) fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Damage> {
        let bytes = self.find(name, Dtype::F32, Some(shape))?;
        Ok(bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes).collect())
    }

    /// Adds a row of numbers.
    pub fn put_series(&mut self, name: &str, values: &[f64]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let stored = Stored { kind: Dtype::F64, shape: vec![values.len()], bytes };
        self.0.insert(name.to_owned(), stored);
    }

    /// Whether there is a tensor of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The variable `name`, of that `shape`.
    ///
    /// # Errors
    /// [`Damage::Tensor`] if it is not there, or another.
    pub fn var(&self, name: &str, shape: &[usize]) -> Result<Var, Damage> {
        let values = self.values(name, shape)?;
        Ok(Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu)?)?)
    }

    /// The matrix `name`, of however many rows of `columns` values.
    ///
    /// # Errors
    /// [`Damage::Tensor`] if it is not there, or another.
    pub(crate) fn rows(&self, name: &str, columns: usize) -> Result<Tensor, Damage> {
        let rows = self.0.get(name).map_or(0, |stored| stored.shape.first().copied().unwrap_or(0));
        let values = self.values(name, &[rows, columns])?;
        Ok(Tensor::from_vec(values, (rows, columns), &Device::Cpu)?)
    }

    /// The row of numbers `name`.
    ///
    /// # Errors
    /// [`Damage::Tensor`] if it is not there, or another.
    pub fn series(&self, name: &str) -> Result<Vec<f64>, Damage> {
        let bytes = self.find(name, Dtype::F64, None)?;
        Ok(bytes.as_chunks().0.iter().copied().map(f64::from_le_bytes).collect())
    }

    fn find(&self, name: &str, kind: Dtype, shape: Option<&[usize]>) -> Result<&[u8], Damage> {
        let refuse = |found: String| Damage::Tensor {
            name: name.to_owned(),
            found,
            wanted: match shape {
                Some(shape) => format!("{kind:?} {shape:?}"),
                None => format!("a row of {kind:?}"),
            },
        };
        let stored = self.0.get(name).ok_or_else(|| refuse("absent".to_owned()))?;
        let fits = match shape {
            Some(shape) => stored.shape == shape,
            None => stored.shape.len() == 1,
        };
        if stored.kind == kind && fits {
            Ok(&stored.bytes)
        } else {
            Err(refuse(format!("{:?} {:?}", stored.kind, stored.shape)))
        }
    }

    /// The file.
    ///
    /// # Panics
    /// Never: names and shapes are our own.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_with(HashMap::new())
    }

    /// The file, with entries of metadata beside the hash.
    ///
    /// # Panics
    /// Never: names and shapes are our own.
    pub fn to_bytes_with(&self, mut metadata: HashMap<String, String>) -> Vec<u8> {
        let views = self.0.iter().map(|(name, stored)| (name, stored.view()));
        metadata.insert(HASH.to_owned(), self.hash());
        safetensors::serialize(views, Some(metadata)).expect("the header is small")
    }

    /// Reads what [`Tensors::to_bytes`] made.
    ///
    /// # Errors
    /// [`Damage`], if it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Tensors, Damage> {
        let format = |error: safetensors::SafeTensorError| Damage::Format(error.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let written = header.metadata().as_ref().and_then(|metadata| metadata.get(HASH));
        let written = written.ok_or(Damage::Foreign)?.clone();
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let stored = |view: TensorView<'_>| Stored {
            kind: view.dtype(),
            shape: view.shape().to_vec(),
            bytes: view.data().to_vec(),
        };
        let all = file.iter().map(|(name, view)| (name.to_owned(), stored(view)));
        let tensors = Tensors(all.collect());
        let found = tensors.hash();
        if found == written { Ok(tensors) } else { Err(Damage::Changed { found, written }) }
    }

    /// With the tensor `name` under another name.
    #[cfg(test)]
    pub(crate) fn renamed(mut self, name: &str, other: &str) -> Tensors {
        let stored = self.0.remove(name).unwrap();
        self.0.insert(other.to_owned(), stored);
        self
    }

    fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, Stored { kind, shape, bytes }) in &self.0 {
            hasher.update(format!("{}:{name} {kind:?} {shape:?}\n", name.len()));
            hasher.update(bytes);
        }
        hexadecimal(&hasher.finalize())
    }
}

impl Stored {
    fn view(&self) -> TensorView<'_> {
        TensorView::new(self.kind, self.shape.clone(), &self.bytes)
            .expect("a tensor has as many bytes as its shape says")
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tensors {
        let mut tensors = Tensors::default();
        let values = Tensor::new(&[[1.0_f32, -0.0], [f32::MIN_POSITIVE, 3.5]], &Device::Cpu);
        tensors.put("hidden.0.weight", &Var::from_tensor(&values.unwrap()).unwrap()).unwrap();
        tensors.put_series("loss", &[0.5, f64::NAN]);
        tensors
    }

    #[test]
    fn tensors_come_back_to_the_bit_and_always_give_the_same_bytes() {
        let bytes = sample().to_bytes();
        assert_eq!(bytes, sample().to_bytes());
        let read = Tensors::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        let weight: Vec<Vec<f32>> =
            read.var("hidden.0.weight", &[2, 2]).unwrap().to_vec2().unwrap();
        assert_eq!(weight[0][1].to_bits(), (-0.0_f32).to_bits());
        assert!(read.series("loss").unwrap()[1].is_nan());
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_noticed() {
        let bytes = sample().to_bytes();
        for at in 0..bytes.len() {
            let mut hurt = bytes.clone();
            hurt[at] ^= 0x10;
            // Blanks in the header may change into other blanks and nothing else may.
            if let Ok(read) = Tensors::from_bytes(&hurt) {
                assert_eq!(read.to_bytes(), bytes, "byte {at}");
            }
            assert!(Tensors::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_header_that_promises_more_than_there_is_is_refused_before_anything_is_allocated() {
        let header = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
        let huge = r#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,9]}}"#;
        let deep = "[".repeat(100_000);
        for bytes in [
            (1_u64 << 63).to_le_bytes().to_vec(),
            u64::MAX.to_le_bytes().to_vec(),
            [&1000_u64.to_le_bytes(), b"{}".as_slice()].concat(),
            header(huge),
            header(&format!(r#"{{"a":{deep}"#)),
            header("\u{feff}{}"),
            vec![0; 7],
        ] {
            assert!(Tensors::from_bytes(&bytes).is_err());
        }
    }

    #[test]
    fn another_shape_or_kind_is_refused_with_what_is_there() {
        let said = |error: Damage| error.to_string();
        let sample = sample();
        assert_eq!(
            said(sample.var("hidden.0.weight", &[4]).unwrap_err()),
            "tensor hidden.0.weight: F32 [2, 2], where F32 [4] was expected"
        );
        assert!(said(sample.var("loss", &[2]).unwrap_err()).contains("F64 [2]"));
        assert!(said(sample.series("bias").unwrap_err()).contains("absent"));
        let foreign = safetensors::serialize(Vec::<(&str, TensorView<'_>)>::new(), None).unwrap();
        assert!(matches!(Tensors::from_bytes(&foreign), Err(Damage::Foreign)));
    }
}
