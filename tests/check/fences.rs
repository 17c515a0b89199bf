//! The fenced blocks of README and of the pages, which are what the program is tested with.

/// A piece of a page between fences.
pub struct Block {
    /// What stands behind the opening fence: `yaml`, `text`, `cel`.
    pub language: &'static str,
    /// Its lines, without what the fence is indented by.
    pub text: String,
}

/// The blocks of a page, in their order.
pub fn blocks(page: &'static str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some((indent, language)) = line.split_once("```") else { continue };
        let inside = lines.by_ref().take_while(|line| line.trim() != "```");
        let inside: Vec<&str> = inside.map(|line| line.get(indent.len()..).unwrap_or_default()).collect();
        blocks.push(Block { language, text: inside.join("\n") + "\n" });
    }
    blocks
}

/// The texts of the blocks of a language.
pub fn of_language(page: &'static str, language: &str) -> Vec<String> {
    blocks(page).into_iter().filter(|block| block.language == language).map(|block| block.text).collect()
}
