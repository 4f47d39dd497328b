//! The protocol-buffer messages of an event file, by the numbers of their fields in `event.proto`,
//! `summary.proto`, `tensor.proto` and the plugin's `plugin_data.proto`.

use ablate_sweep::{Params, Value};

/// A message being written.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    const VARINT: u64 = 0;
    const FIXED_64: u64 = 1;
    const BYTES: u64 = 2;
    const FIXED_32: u64 = 5;

    fn varint(mut self, field: u64, value: u64) -> Message {
        self.raw(field << 3 | Message::VARINT);
        self.raw(value);
        self
    }

    fn double(mut self, field: u64, value: f64) -> Message {
        self.raw(field << 3 | Message::FIXED_64);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn float(mut self, field: u64, value: f32) -> Message {
        self.raw(field << 3 | Message::FIXED_32);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Message {
        self.raw(field << 3 | Message::BYTES);
        self.raw(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Message {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: Message) -> Message {
        self.bytes(field, &message.0)
    }

    fn raw(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// The first `Event` of every file.
pub(super) fn version(at: f64) -> Message {
    Message::default().double(1, at).text(3, "brain.Event:2")
}

/// An `Event` with one scalar.
pub(super) fn scalar(at: f64, step: usize, tag: &str, value: f64) -> Message {
    // TensorBoard's scalars have 24 bits.
    let value = Message::default().text(1, tag).float(2, value as f32);
    let summary = Message::default().message(1, value);
    Message::default().double(1, at).varint(2, step as u64).message(5, summary)
}

/// How a session ended, as `api.proto` numbers it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Status {
    Success = 1,
    Failure = 2,
    Running = 3,
}

/// What is told to the HParams plugin: under which tag, and `HParamsPluginData`.
pub(super) struct PluginData(&'static str, Message);

/// Parameters of a run, and the group of runs over which the plugin averages.
pub(super) fn session_start(params: &Params, group: &str, at: f64) -> PluginData {
    let mut info = Message::default();
    for (name, value) in params.iter() {
        // `google.protobuf.Value`.
        let value = match value {
            Value::Bool(flag) => Message::default().varint(4, u64::from(*flag)),
            Value::Int(whole) => Message::default().double(2, *whole as f64),
            Value::Float(real) => Message::default().double(2, *real),
            Value::Text(text) => Message::default().text(3, text),
            Value::List(_) => Message::default().text(3, &value.to_string()),
        };
        info = info.message(1, Message::default().text(1, name).message(2, value));
    }
    let info = info.text(4, group).double(5, at);
    PluginData("_hparams_/session_start_info", Message::default().message(3, info))
}

/// How and when a run ended.
pub(super) fn session_end(status: Status, at: f64) -> PluginData {
    let info = Message::default().varint(1, status as u64).double(2, at);
    PluginData("_hparams_/session_end_info", Message::default().message(4, info))
}

/// An `Event` for the HParams plugin.
pub(super) fn hparams(at: f64, PluginData(tag, data): PluginData) -> Message {
    let plugin = Message::default().text(1, "hparams").message(2, data);
    let metadata = Message::default().message(1, plugin);
    // A tensor has to be there and says nothing: one `f32` 0.
    let shape = Message::default().message(2, Message::default().varint(1, 1));
    let tensor = Message::default().varint(1, 1).message(2, shape).float(5, 0.0);
    let value = Message::default().text(1, tag).message(8, tensor).message(9, metadata);
    Message::default().double(1, at).message(5, Message::default().message(1, value))
}
