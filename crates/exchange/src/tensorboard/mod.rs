//! TensorBoard event files: a folder a run, with its curves and scores as scalars and its parameters
//! for the HParams plugin, which groups the seeds of a trial.
//!
//! An event file is a row of TFRecords (`record.rs`), each an `Event` message of `event.proto`; the
//! hyperparameters are messages of the plugin's `plugin_data.proto` (`messages.rs`). Of these formats
//! only the few messages that are needed here are written.

mod messages;
mod record;

use std::fs;
use std::path::Path;

use ablate_sweep::RunState;

use crate::time::unix_seconds;
use crate::{ExchangeError, Exported};

use self::messages::Message;

/// Writes a folder a run into `folder`. The same runs give the same bytes.
///
/// # Errors
/// [`ExchangeError::File`].
pub fn write(folder: &Path, runs: &[Exported]) -> Result<(), ExchangeError> {
    for run in runs {
        // A name is sixteen hexadecimal digits, and so is what it names: no path leads elsewhere.
        let own = folder.join(run.run.id.0.replace(['/', '\\', '.'], "_"));
        let began = unix_seconds(&run.started_at).unwrap_or_default();
        let path = own.join(format!("events.out.tfevents.{:010.0}.ablate", began.floor()));
        let failed = |source| ExchangeError::File { path: path.clone(), source };
        fs::create_dir_all(&own).map_err(failed)?;
        fs::write(&path, events(run)).map_err(failed)?;
    }
    Ok(())
}

/// The event file of one run.
pub fn events(exported: &Exported) -> Vec<u8> {
    let Exported { run, curves, started_at, ended_at, .. } = exported;
    let began = unix_seconds(started_at).unwrap_or_default();
    let ended = ended_at.as_deref().and_then(unix_seconds).unwrap_or(began).max(began);
    let mut file = Vec::new();
    let mut add = |event: Message| record::append(&mut file, &event.finish());
    add(messages::version(began));
    // The seed is no hyperparameter: runs that differ in nothing else are one group.
    add(messages::hparams(began, messages::session_start(&run.params, &run.trial.0, began)));
    let longest = curves.iter().map(|curve| curve.values.len()).max().unwrap_or_default();
    for curve in curves {
        for (epoch, value) in (1_usize..).zip(&curve.values) {
            // No clock was read at each epoch: they are laid out evenly over the run.
            let at = began + (ended - began) * epoch as f64 / longest as f64;
            add(messages::scalar(at, epoch, &curve.name, *value));
        }
    }
    let last = run.kept.as_ref().map_or(longest, |kept| kept.epochs as usize);
    for (name, value) in &run.scores {
        add(messages::scalar(ended, last, name, *value));
    }
    let status = match run.state {
        RunState::Finished => messages::Status::Success,
        RunState::Failed | RunState::Interrupted => messages::Status::Failure,
        RunState::Running => messages::Status::Running,
    };
    add(messages::hparams(ended, messages::session_end(status, ended)));
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlflow::tests::exported;

    #[test]
    fn every_run_has_a_folder_and_the_same_run_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[exported()]).unwrap();
        let path = folder.path().join("00112233aabbccdd/events.out.tfevents.1795654923.ablate");
        let bytes = fs::read(path).unwrap();
        assert_eq!(bytes, events(&exported()));
        let text = String::from_utf8_lossy(&bytes);
        for part in ["brain.Event:2", "_hparams_/session_start_info", "train_loss", "test_error"] {
            assert!(text.contains(part), "{part}");
        }
    }
}
