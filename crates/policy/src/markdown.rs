//! Markdown → headings, paragraphs, list items and table rows, each character with its place.
//!
//! Fenced and indented code, HTML comments and struck-through text are not there at all.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A character of prose and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Char {
    pub(crate) value: char,
    pub(crate) span: Range<usize>,
    pub(crate) code: bool,
    pub(crate) strong: bool,
}

/// Stands for a line end inside a paragraph.
pub(crate) const SOFT_BREAK: char = '\n';
/// Stands for a line end that shows.
pub(crate) const HARD_BREAK: char = '\u{2028}';
/// Stands for what is not text: an image, a footnote's mark, an HTML tag.
pub(crate) const OBJECT: char = '\u{fffc}';

/// A piece of the document that can be a statement.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    pub(crate) chars: Vec<Char>,
    pub(crate) span: Range<usize>,
    /// The list item or the sentence that introduces it: an index into the same list.
    pub(crate) parent: Option<usize>,
    /// The paragraph right before its list, where that does not introduce it in form.
    pub(crate) before: Option<usize>,
    /// Why it can be no rule, whatever it says.
    pub(crate) barred: Option<&'static str>,
    /// `- [ ] …`: to be done, or a line of a checklist.
    pub(crate) open_task: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Heading(u8),
    Paragraph,
    Item,
    Row(Row),
}

/// A table's row, and the heads of its columns.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Vec<Char>>,
    pub(crate) heads: Vec<Vec<Char>>,
}

/// A line that asks for another file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) line: usize,
    pub(crate) path: String,
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

/// Reads a whole document; lines that only import a file say nothing and are left out.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = parse(text);
    for block in &mut blocks {
        let lines: Vec<&[Char]> = block.chars.split(|c| c.value == SOFT_BREAK).collect();
        if lines.iter().any(|line| is_import(line)) {
            let kept: Vec<&[Char]> = lines.into_iter().filter(|line| !is_import(line)).collect();
            // One line end between two lines: which one does not matter.
            let end = Char {
                value: SOFT_BREAK,
                span: block.span.start..block.span.start,
                code: false,
                strong: false,
            };
            block.chars = kept.join(&end);
        }
    }
    blocks
}

fn parse(text: &str) -> Vec<Block> {
    let mut walker = Walker::default();
    for (event, span) in Parser::new_ext(text, options()).into_offset_iter() {
        walker.event(event, span, text);
    }
    walker.blocks.retain_with_parents()
}

/// The imports of a document, in order.
pub(crate) fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for block in parse(text) {
        for (path, at) in import_words(&block.chars) {
            found.push(Import {
                line: text[..at].matches('\n').count() + 1,
                path,
            });
        }
    }
    found
}

/// True when there is nothing but an import.
fn is_import(chars: &[Char]) -> bool {
    let text: String = chars.iter().map(|c| c.value).collect();
    let mut words = text.split_whitespace();
    matches!((words.next(), words.next()), (Some(_), None)) && import_words(chars).len() == 1
}

fn import_words(chars: &[Char]) -> Vec<(String, usize)> {
    let prose = chars.iter().map(|c| {
        let value = if c.code || c.value == HARD_BREAK {
            ' '
        } else {
            c.value
        };
        (value, c.span.start)
    });
    let mut words: Vec<(String, usize)> = Vec::new();
    let mut open = false;
    for (value, at) in prose {
        match (value.is_whitespace(), open) {
            (true, _) => open = false,
            (false, true) => {
                if let Some((word, _)) = words.last_mut() {
                    word.push(value);
                }
            }
            (false, false) => {
                words.push((value.to_string(), at));
                open = true;
            }
        }
    }
    words
        .into_iter()
        .filter_map(|(word, at)| {
            let path = word.strip_prefix('@')?;
            let path = path.trim_end_matches(['.', ',', ';', ':', ')', '!']);
            let named = [".md", ".markdown", ".txt"]
                .iter()
                .any(|end| path.ends_with(end));
            (named || path.starts_with("~/")).then(|| (path.to_owned(), at))
        })
        .collect()
}

/// Where inline text goes.
#[derive(Default)]
struct Walker {
    blocks: Blocks,
    /// The blocks that are open, innermost last: items, and whatever holds text now.
    items: Vec<usize>,
    target: Option<usize>,
    /// The sentence before the list or table that may come next, and the list's own.
    last_paragraph: Option<usize>,
    lead_ins: Vec<(Option<usize>, Option<usize>)>,
    code_block: bool,
    struck: usize,
    strong: usize,
    image: usize,
    quotes: Vec<bool>,
    footnote: bool,
    heads: Vec<Vec<Char>>,
    row: Option<Row>,
    cell: Option<Vec<Char>>,
}

#[derive(Default)]
struct Blocks(Vec<Block>);

impl Blocks {
    fn push(&mut self, kind: Kind, span: Range<usize>) -> usize {
        self.0.push(Block {
            kind,
            chars: Vec::new(),
            span,
            parent: None,
            before: None,
            barred: None,
            open_task: false,
        });
        self.0.len() - 1
    }

    /// Drops blocks without text; their children go to their parents.
    fn retain_with_parents(self) -> Vec<Block> {
        let blank = |block: &Block| {
            block.chars.iter().all(|c| c.value.is_whitespace())
                && !matches!(block.kind, Kind::Row(_))
        };
        let mut moved: Vec<Option<usize>> = Vec::with_capacity(self.0.len());
        let mut kept: Vec<Block> = Vec::new();
        for mut block in self.0 {
            block.parent = block.parent.and_then(|parent| moved[parent]);
            block.before = block.before.and_then(|before| moved[before]);
            if blank(&block) {
                moved.push(block.parent);
            } else {
                moved.push(Some(kept.len()));
                kept.push(block);
            }
        }
        kept
    }
}

impl Walker {
    fn event(&mut self, event: Event<'_>, span: Range<usize>, source: &str) {
        match event {
            Event::Start(Tag::HtmlBlock) => self.html_block(&source[span.clone()], span),
            Event::Start(tag) => self.start(&tag, span),
            Event::End(end) => self.end(end),
            Event::Text(text) => self.text(&text, span, false),
            Event::Code(text) => {
                // The marks are part of the source, not of the text.
                let inner = source[span.clone()]
                    .find(&*text)
                    .map_or(span.clone(), |at| {
                        span.start + at..span.start + at + text.len()
                    });
                self.text(&text, inner, true);
            }
            Event::SoftBreak => self.push(SOFT_BREAK, span, false),
            Event::HardBreak => self.push(HARD_BREAK, span, false),
            Event::InlineHtml(html) => self.inline_html(&html, span),
            Event::Html(_) => {}
            Event::FootnoteReference(_) => self.push(OBJECT, span, false),
            Event::TaskListMarker(done) => {
                if let (false, Some(&item)) = (done, self.items.last()) {
                    self.blocks.0[item].open_task = true;
                }
            }
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text, span, true),
            Event::Rule => self.last_paragraph = None,
        }
    }

    fn start(&mut self, tag: &Tag<'_>, span: Range<usize>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.last_paragraph = None;
                self.open(Kind::Heading(*level as u8), span);
            }
            Tag::Paragraph => match self.items.last() {
                Some(&item) if self.blocks.0[item].chars.is_empty() => self.target = Some(item),
                _ => self.open(Kind::Paragraph, span),
            },
            Tag::List(_) => {
                let lead_in = match self.items.last() {
                    Some(&item) => Some(item),
                    None => self.last_paragraph.filter(|&at| self.introduces(at)),
                };
                self.lead_ins.push((lead_in, self.last_paragraph));
                self.last_paragraph = None;
            }
            Tag::Item => {
                let at = self.blocks.push(Kind::Item, span);
                if let Some((parent, before)) = self.lead_ins.last().copied() {
                    self.blocks.0[at].parent = parent;
                    self.blocks.0[at].before = before.filter(|_| parent.is_none());
                }
                self.blocks.0[at].barred = self.bar();
                self.items.push(at);
                self.target = Some(at);
            }
            Tag::CodeBlock(_) | Tag::MetadataBlock(_) => {
                self.code_block = true;
                self.last_paragraph = None;
            }
            Tag::BlockQuote(kind) => self.quotes.push(kind.is_some()),
            Tag::FootnoteDefinition(_) => self.footnote = true,
            Tag::Strikethrough => self.struck += 1,
            Tag::Strong => self.strong += 1,
            Tag::Image { .. } => {
                self.push(OBJECT, span, false);
                self.image += 1;
            }
            Tag::Table(_) => self.heads.clear(),
            Tag::TableHead => {
                self.row = Some(Row {
                    cells: Vec::new(),
                    heads: Vec::new(),
                });
            }
            Tag::TableRow => {
                let at = self.blocks.push(
                    Kind::Row(Row {
                        cells: Vec::new(),
                        heads: self.heads.clone(),
                    }),
                    span,
                );
                self.blocks.0[at].barred = self.bar();
                self.blocks.0[at].parent = match self.items.last() {
                    Some(&item) => Some(item),
                    None => self.last_paragraph.filter(|&at| self.introduces(at)),
                };
                self.row = Some(Row {
                    cells: Vec::new(),
                    heads: Vec::new(),
                });
            }
            Tag::TableCell => self.cell = Some(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::Heading(_) => self.target = self.items.last().copied(),
            TagEnd::Paragraph => {
                if self.items.is_empty() {
                    self.last_paragraph = self.target;
                }
                self.target = self.items.last().copied();
            }
            TagEnd::List(_) => {
                self.lead_ins.pop();
            }
            TagEnd::Item => {
                self.items.pop();
                self.target = self.items.last().copied();
            }
            TagEnd::CodeBlock | TagEnd::MetadataBlock(_) => self.code_block = false,
            TagEnd::BlockQuote(_) => {
                self.quotes.pop();
                self.last_paragraph = None;
            }
            TagEnd::FootnoteDefinition => self.footnote = false,
            TagEnd::Strikethrough => self.struck = self.struck.saturating_sub(1),
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Image => self.image = self.image.saturating_sub(1),
            TagEnd::TableHead => {
                self.heads = self.row.take().map(|row| row.cells).unwrap_or_default();
            }
            TagEnd::TableRow => {
                if let (Some(row), Some(block)) = (self.row.take(), self.blocks.0.last_mut())
                    && let Kind::Row(kept) = &mut block.kind
                {
                    kept.cells = row.cells;
                }
            }
            TagEnd::TableCell => {
                if let (Some(cell), Some(row)) = (self.cell.take(), &mut self.row) {
                    row.cells.push(cell);
                }
            }
            TagEnd::Table => self.last_paragraph = None,
            _ => {}
        }
    }

    fn open(&mut self, kind: Kind, span: Range<usize>) {
        let at = self.blocks.push(kind, span);
        self.blocks.0[at].parent = self.items.last().copied();
        self.blocks.0[at].barred = self.bar();
        self.target = Some(at);
    }

    fn bar(&self) -> Option<&'static str> {
        if self.footnote {
            Some("a footnote is no rule by itself")
        } else if self.quotes.contains(&false) {
            Some("a quotation may be anybody's words")
        } else {
            None
        }
    }

    /// True for a sentence that ends with a colon, or that is all bold.
    fn introduces(&self, at: usize) -> bool {
        let visible = || {
            self.blocks.0[at]
                .chars
                .iter()
                .filter(|c| !c.value.is_whitespace())
        };
        visible().next_back().is_some_and(|c| c.value == ':') || visible().all(|c| c.strong)
    }

    fn text(&mut self, text: &str, span: Range<usize>, code: bool) {
        if self.code_block {
            return;
        }
        let exact = text.len() == span.len();
        for (offset, value) in text.char_indices() {
            let at = if exact {
                span.start + offset..span.start + offset + value.len_utf8()
            } else {
                span.clone()
            };
            // These three mean something else here.
            let value = if matches!(value, HARD_BREAK | SOFT_BREAK) {
                ' '
            } else {
                value
            };
            self.push(value, at, code);
        }
    }

    fn push(&mut self, value: char, span: Range<usize>, code: bool) {
        if self.code_block || self.struck > 0 || self.image > 0 {
            return;
        }
        let char = Char {
            value,
            span,
            code,
            strong: self.strong > 0,
        };
        if let Some(cell) = &mut self.cell {
            cell.push(char);
        } else if let Some(target) = self.target {
            self.blocks.0[target].chars.push(char);
        }
    }

    fn inline_html(&mut self, html: &str, span: Range<usize>) {
        let tag = html.to_ascii_lowercase();
        let name: String = tag
            .trim_start_matches(['<', '/'])
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        match (name.as_str(), tag.starts_with("</")) {
            ("s" | "del" | "strike", false) => self.struck += 1,
            ("s" | "del" | "strike", true) => self.struck = self.struck.saturating_sub(1),
            ("br", _) => self.push(HARD_BREAK, span, false),
            _ if tag.starts_with("<!--") => {}
            _ => self.push(OBJECT, span, false),
        }
    }

    /// Text between tags is prose that nobody can vouch for; comments and bare tags are nothing.
    fn html_block(&mut self, html: &str, span: Range<usize>) {
        self.last_paragraph = None;
        let text = without_tags(html);
        if text.trim().is_empty() {
            return;
        }
        let at = self.blocks.push(Kind::Paragraph, span.clone());
        let block = &mut self.blocks.0[at];
        block.barred = Some("HTML is not read; say it in Markdown");
        block.parent = self.items.last().copied();
        block.chars = text
            .chars()
            .map(|value| Char {
                value,
                span: span.clone(),
                code: false,
                strong: false,
            })
            .collect();
    }
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tail = &rest[at..];
        let end = if tail.starts_with("<!--") { "-->" } else { ">" };
        // What is never closed goes on to the end, as in a browser.
        rest = tail
            .find(end)
            .map_or("", |close| &tail[close + end.len()..]);
    }
    text.push_str(rest);
    text
}
