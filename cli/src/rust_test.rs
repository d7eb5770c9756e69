//! A story as a test that can be kept.
use crate::{
    algorithm::Algorithm,
    replay_file::{Plot, Story},
};

/// The text of a `#[test]` that fails as long as the story ends in its violation. It stands anywhere in `tests/it/`.
pub fn text<A: Algorithm>(story: &Story<A::Node>) -> String {
    let violation = &story.violation;
    let mut text = format!("//! {violation}\n");
    if let Some(seed) = story.seed {
        text += &format!("//!\n//! Found by `synod sweep {} --seeds {seed}..{}`.\n", A::NAME, seed + 1);
    }
    if let Plot::Actions(actions) = &story.plot {
        text += "//!\n//! ```text\n";
        for (action, number) in actions.iter().zip(1..) {
            text += &format!("//! {number:>3}  {action}\n");
        }
        text += "//! ```\n";
    }
    if let Some(deviations) = story.deviations() {
        text += "//!\n//! It needs its times. All is as usual, but:\n//!\n//! ```text\n";
        for deviation in deviations {
            text += &format!("//! {deviation}\n");
        }
        text += "//! ```\n";
    }
    let name: String = format!("{} {}", A::NAME, violation.property)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let seed = story.seed.map(|seed| format!("_seed_{seed}")).unwrap_or_default();
    let file = story.text::<A>();
    let path = std::any::type_name::<A>();
    // As many signs as no line of the story has behind a quotation mark.
    let fence = (1..).map(|count| "#".repeat(count)).find(|fence| !file.contains(&format!("\"{fence}")));
    let fence = fence.unwrap_or_default();
    text += &format!(
        "\n#[test]\nfn {name}{seed}() {{\n    const STORY: &str = r{fence}\"{file}\"{fence};\n    \
         synod_cli::replay::holds::<{path}>(STORY).expect(\"the story ends well\");\n}}\n"
    );
    text
}
