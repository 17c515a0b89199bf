//! Colours, or none.

use std::io;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::cli::arguments::Color;

/// A style for each thing that is said; all plain where there are no colours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    /// Whether there are colours.
    pub is_coloured: bool,
    /// What got through.
    pub good: Style,
    /// What did not.
    pub bad: Style,
    /// What may go wrong.
    pub doubtful: Style,
    /// What was taken away.
    pub removed: Style,
    /// What was put there.
    pub added: Style,
    /// What stands beside.
    pub aside: Style,
    /// What an eye looks for.
    pub strong: Style,
}

impl Palette {
    /// The palette for a stream.
    pub fn of<S: anstream::stream::RawStream>(stream: &S, asked: Color) -> Self {
        let choice = match asked {
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
            Color::Auto => AutoStream::choice(stream),
        };
        if choice == ColorChoice::Never { Palette::default() } else { Palette::coloured() }
    }

    /// For standard output and standard error.
    pub fn both(asked: Color) -> [Self; 2] {
        [Palette::of(&io::stdout(), asked), Palette::of(&io::stderr(), asked)]
    }

    fn coloured() -> Self {
        Palette {
            is_coloured: true,
            good: AnsiColor::Green.on_default(),
            bad: AnsiColor::BrightRed.on_default().bold(),
            doubtful: AnsiColor::Yellow.on_default(),
            removed: AnsiColor::Red.on_default(),
            added: AnsiColor::Green.on_default(),
            aside: Style::new().dimmed(),
            strong: Style::new().bold(),
        }
    }
}
