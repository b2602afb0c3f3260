"""The pages of the documentation: their sections, links and code blocks."""
import glob
import os
import re
from dataclasses import dataclass, field


@dataclass
class Block:
    page: str
    line: int
    language: str
    text: str
    marker: str


@dataclass
class Page:
    path: str
    text: str
    # (level, title, text up to the next heading of any level)
    sections: list = field(default_factory=list)
    blocks: list = field(default_factory=list)

    def section(self, title):
        """The text of a section, with its subsections; None when there is no such heading."""
        for index, (level, name, text) in enumerate(self.sections):
            if name == title:
                for deeper, _, more in self.sections[index + 1:]:
                    if deeper <= level:
                        break
                    text += more
                return text
        return None

    @property
    def anchors(self):
        seen, found = {}, set()
        for _, title, _ in self.sections:
            anchor = slug(title)
            count = seen.get(anchor, 0)
            seen[anchor] = count + 1
            found.add(anchor if count == 0 else f"{anchor}-{count}")
        return found


def slug(title):
    """The anchor that GitHub gives a heading."""
    title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def load(root):
    """All pages, by their path from the root."""
    paths = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
    paths += [os.path.relpath(path, root) for path in sorted(glob.glob(f"{root}/docs/**/*.md", recursive=True))]
    return {path: parse(path, open(os.path.join(root, path), encoding="utf-8").read()) for path in paths}


def parse(path, text):
    page = Page(path, text)
    level, title, body = 0, "", []
    block, marker = None, ""
    for number, line in enumerate(text.splitlines(), 1):
        if block is not None:
            if line.strip() == "```":
                page.blocks.append(block)
                block, marker = None, ""
            else:
                block.text += line + "\n"
            continue
        fence = re.fullmatch(r"\s*```(\w*)", line)
        heading = re.fullmatch(r"(#{1,6}) (.*)", line)
        comment = re.fullmatch(r"<!-- (.*) -->", line.strip())
        if fence:
            block = Block(path, number + 1, fence[1], "", marker)
        elif heading:
            page.sections.append((level, title, "\n".join(body)))
            level, title, body = len(heading[1]), heading[2].strip().replace("`", ""), []
        elif comment:
            marker = comment[1]
        elif line.strip():
            marker = ""
        body.append(line)
    page.sections.append((level, title, "\n".join(body)))
    return page
