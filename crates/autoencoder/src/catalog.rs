//! The catalog of this project: the parameters of every trial, the variants with their own, the
//! rules that tie them together, and every metric.

mod params;
mod rules;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use ablate_sweep::{Catalog, Params, ProbeEntry, VariantEntry, layer_names};

use crate::probes::{self, Occasion, Probe};
use crate::variants;

/// The meaning of the training code. A change after which the same plan gives other numbers adds
/// one, and every run of the older meaning is trained again.
///
/// - 1: the first.
/// - 2: the Jacobian of a wide and deep network is averaged over fewer images.
/// - 3: codes and gradients that are negligible count as 0, which changes how sums are rounded in networks
///   with saturated units.
const ENGINE_VERSION: u32 = 3;

/// The meaning of the code that trains a trial with `params`: the engine's, and that of its variant,
/// or of each where a layer has its own: `1.1`, `1.1+2`.
pub fn training_version(params: &Params) -> String {
    let named = params.text("variant").map(layer_names).into_iter().flatten();
    let versions: Vec<String> =
        named.filter_map(variants::find).map(|variant| variant.version.to_string()).collect();
    if versions.is_empty() {
        return ENGINE_VERSION.to_string();
    }
    format!("{ENGINE_VERSION}.{}", versions.join("+"))
}

/// Every parameter, variant, rule and metric.
pub fn catalog() -> Catalog {
    let entry = |variant: &&variants::Variant| VariantEntry {
        name: variant.name,
        summary: variant.summary,
        params: (variant.params)(),
    };
    Catalog {
        params: params::all(),
        variants: variants::ALL.iter().map(entry).collect(),
        rules: rules::ALL.to_vec(),
        metrics: probes::ALL.iter().flat_map(|probe| (probe.metrics)()).collect(),
        relative: probes::relative(),
        probes: probes::ALL.iter().filter_map(on_request).collect(),
    }
}

fn on_request(probe: &&'static Probe) -> Option<ProbeEntry> {
    let metrics = || (probe.metrics)().into_iter().map(|metric| metric.name).collect();
    match probe.occasion {
        Occasion::Always => None,
        Occasion::OnRequest => Some(ProbeEntry { name: probe.name, metrics: metrics() }),
    }
}

/// `params` with the defaults of the parameters that mean something beside them and are not among
/// them.
pub(crate) fn completed(params: &Params) -> Params {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(catalog);
    CATALOG.assemble(params).unwrap_or_else(|_| params.clone())
}
