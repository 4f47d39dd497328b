//! The dashboard in a real browser: what people see, what scripts may do, and what leaves the machine.

use crate::bench::{Bench, SMALL, wait_until};
use crate::chromium::Chromium;
use crate::serving::Served;

/// A script in every place where a browser would look for one.
const EVIL: &str = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>'\"";

#[track_caller]
fn nothing_is_wrong(chromium: &Chromium, served: &Served) {
    assert!(chromium.complaints.is_empty(), "{:#?}", chromium.complaints);
    let ours = format!("http://127.0.0.1:{}/", served.port);
    for request in &chromium.requests {
        assert!(request.starts_with(&ours) || request.starts_with("data:"), "{request}");
    }
    assert!(chromium.requests.len() > 2, "what is asked of the network is seen");
}

#[test]
fn every_view_opens_without_a_complaint_and_loads_nothing_from_elsewhere() {
    let Some(mut chromium) = Chromium::start() else { return };
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    let base = format!("http://127.0.0.1:{}", served.port);
    let id = bench.ask("variant == 'denoising'", "id");
    for (path, shown) in [
        ("/experiments".to_owned(), "Does pretraining help a small network?"),
        ("/experiment?name=small".to_owned(), "errors: test_error (%)"),
        ("/compare?name=small&axis=pretraining&by=depth".to_owned(), "Every pair"),
        ("/curves?name=small&log=y&seeds=each".to_owned(), "curves and profiles"),
        ("/robustness?name=small".to_owned(), "Error over the severity"),
        ("/parallel?name=small".to_owned(), "Importance of the axes"),
        ("/cell?name=small&table=errors&row=1&column=1".to_owned(), "Behind row 1"),
        ("/runs".to_owned(), "18 runs"),
        ("/runs?group=variant&metric=test_error".to_owned(), "iqm"),
        (format!("/run?id={id}"), "Train it again"),
    ] {
        chromium.open(&format!("{base}{path}"));
        let text = chromium.ask("document.body.innerText");
        assert!(text.as_str().unwrap().contains(shown), "{path}: {text}");
        let wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(chromium.ask(wide), true, "{path} scrolls sideways as a whole");
        let styled = "getComputedStyle(document.querySelector('.top')).display";
        assert_eq!(chromium.ask(styled), "flex", "{path}: the style is let in");
    }
    nothing_is_wrong(&chromium, &served);
}

#[test]
fn a_filter_that_is_typed_finds_its_runs_and_a_mistake_is_shown() {
    let Some(mut chromium) = Chromium::start() else { return };
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    chromium.open(&format!("http://127.0.0.1:{}/runs", served.port));
    let typed = |filter: &str| {
        format!(
            "document.querySelector('input[name=filter]').value = {filter:?};
             document.querySelector('form.filter').requestSubmit(); 0"
        )
    };
    chromium.ask(&typed("depth == 1 and seed == 2"));
    chromium
        .wait_until("document.querySelector('.pages')?.innerText.startsWith('3 runs') ?? false");
    assert_eq!(chromium.ask("document.querySelectorAll('tbody tr').length"), 3);
    chromium.ask(&typed("dept == 1"));
    chromium
        .wait_until("document.querySelector('[role=alert]')?.innerText.includes('^^^^') ?? false");
    nothing_is_wrong(&chromium, &served);
}

#[test]
fn a_part_of_a_curve_that_is_dragged_over_is_drawn_closely() {
    let Some(mut chromium) = Chromium::start() else { return };
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    chromium.open(&format!("http://127.0.0.1:{}/curves?name=small", served.port));
    let end = "Number(document.querySelector('[data-high]').dataset.high)";
    let whole = chromium.ask(end).as_f64().unwrap();
    chromium.drag("[data-low]", (0.02, 0.5), (0.6, 0.5));
    chromium.wait_until("location.search.includes('to=') && document.readyState == 'complete'");
    assert!(chromium.ask(end).as_f64().unwrap() < whole);
    chromium.ask("[...document.links].find((link) => link.innerText == 'The whole axis').click()");
    chromium.wait_until("!location.search.includes('to=') && document.readyState == 'complete'");
    assert_eq!(chromium.ask(end).as_f64(), Some(whole));
    nothing_is_wrong(&chromium, &served);
}

#[test]
fn a_brush_keeps_the_trials_that_pass_it_in_pictures_and_table() {
    let Some(mut chromium) = Chromium::start() else { return };
    let bench = Bench::swept();
    let served = Served::of(&bench, &[]);
    let page = "/parallel?name=small&axes=depth,variant";
    chromium.open(&format!("http://127.0.0.1:{}{page}", served.port));
    let rows = "document.querySelectorAll('tr[data-trial]:not([hidden])').length";
    let marks = "document.querySelectorAll('svg g[data-trial]:not(.off) > :not(polyline)').length";
    assert_eq!((chromium.ask(rows), chromium.ask(marks)), (6.into(), 18.into()));
    // The lower half of the axis, where depth is 1.
    chromium.drag("[data-axis='0']", (0.5, 0.95), (0.5, 0.5));
    chromium.wait_until(&format!("{rows} == 3"));
    assert_eq!(chromium.ask(marks), 9);
    assert_eq!(chromium.ask("document.querySelector('output').innerText"), "3 of 6 trials");
    chromium.drag("[data-axis='0']", (0.5, 0.2), (0.5, 0.2));
    chromium.wait_until(&format!("{rows} == 6"));
    // The same from the keyboard: the lowest part, moved up to where depth is 2, and let go.
    chromium.ask("document.querySelector('[data-rail=\"0\"]').focus()");
    let depth = "document.querySelector('tr[data-trial]:not([hidden]) td').innerText";
    let pressed = "document.querySelector('[data-rail=\"0\"]').getAttribute('aria-pressed')";
    for (key, times, left) in [("ArrowUp", 1, "1"), ("ArrowUp", 14, "2")] {
        (0..times).for_each(|_| chromium.press(key));
        chromium.wait_until(&format!("{rows} == 3 && {depth} == '{left}'"));
        assert_eq!(chromium.ask(pressed), "true");
    }
    chromium.press("Escape");
    chromium.wait_until(&format!("{rows} == 6"));
    assert_eq!(chromium.ask(pressed), "false");
    nothing_is_wrong(&chromium, &served);
}

#[test]
fn a_page_follows_a_sweep() {
    let Some(mut chromium) = Chromium::start() else { return };
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["sweep", "small.toml", "--set", "depth=1"]).expect(0);
    let served = Served::of(&bench, &[]);
    chromium.open(&format!("http://127.0.0.1:{}/experiment?name=small", served.port));
    assert_eq!(chromium.ask("document.querySelector('.progress strong').innerText"), "9");
    chromium.ask("window.same = 1");
    bench.ablate(&["sweep", "small.toml"]).expect(0);
    chromium.wait_until("document.querySelector('.progress strong').innerText == '18'");
    assert_eq!(chromium.ask("window.same"), 1, "without loading the page again");
    nothing_is_wrong(&chromium, &served);
}

#[test]
fn the_page_of_a_run_follows_its_training() {
    let Some(mut chromium) = Chromium::start() else { return };
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["sweep", "small.toml", "--set", "depth=1"]).expect(0);
    let long = ["sweep", "small.toml", "--set", "epochs=1000000", "--set", "patience=never"];
    let _sweep = bench.start(&[&long[..], &["--jobs", "1"]].concat());
    let running = "state == 'running'";
    let ids = ["query", running, "--columns", "id", "--format", "csv"];
    wait_until("a run is trained", || bench.ablate(&ids).stdout.lines().count() == 2);
    let served = Served::of(&bench, &[]);
    let id = bench.ask(running, "id");
    chromium.open(&format!("http://127.0.0.1:{}/run?id={id}", served.port));
    chromium.ask("window.same = 1");
    let told = "(document.querySelector('pre.log').innerText.match(/epoch/g) ?? []).length";
    let before = chromium.ask(told).as_u64().unwrap();
    chromium.wait_until(&format!("{told} > {before} + 1"));
    assert_eq!(chromium.ask("window.same"), 1, "without loading the page again");
    nothing_is_wrong(&chromium, &served);
}

#[test]
fn a_hostile_name_is_shown_and_not_obeyed() {
    let Some(mut chromium) = Chromium::start() else { return };
    let name = EVIL.replace('/', "");
    let text = SMALL
        .replace("Does pretraining", &EVIL.replace('"', "\\\""))
        .replace("\"errors\"", &format!("{EVIL:?}"));
    let bench = Bench::with(&[(&format!("{name}.toml"), &text)]);
    bench.ablate(&["sweep", &format!("{name}.toml"), "--set", "depth=1"]).expect(0);
    let id = bench.ask("seed == 1", "id");
    bench.ablate(&["tag", &id, &format!("+{EVIL}")]).expect(0);
    bench.ablate(&["note", &id, EVIL]).expect(0);
    let served = Served::of(&bench, &[]);
    let base = format!("http://127.0.0.1:{}", served.port);
    chromium.open(&format!("{base}/experiments"));
    let experiment = chromium.ask("document.querySelector('tbody a').href");
    let experiment = experiment.as_str().unwrap().to_owned();
    for address in [
        format!("{base}/experiments"),
        experiment.clone(),
        experiment.replace("/experiment?", "/compare?"),
        experiment.replace("/experiment?", "/curves?"),
        experiment.replace("/experiment?", "/robustness?"),
        experiment.replace("/experiment?", "/parallel?"),
        format!("{base}/runs?columns=id,tags,note"),
        format!("{base}/run?id={id}"),
        format!("{base}/runs?filter=%3Cimg%20src%3Dx%20onerror%3Dwindow.pwned%3D1%3E"),
    ] {
        chromium.open(&address);
        assert_eq!(chromium.ask("typeof window.pwned"), "undefined", "{address}");
        let theirs = "main script, main img:not([src^='/picture?'])";
        let count = chromium.ask(&format!("document.querySelectorAll({theirs:?}).length"));
        assert_eq!(count, 0, "{address}");
        let text = chromium.ask("document.body.innerHTML");
        assert!(text.as_str().unwrap().contains("&lt;img"), "{address}: {text}");
    }
    nothing_is_wrong(&chromium, &served);
}
