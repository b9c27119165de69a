// The blocks to choose from: search, groups in the order of work; press or drag to add.
import { type CSSProperties, type DragEvent, type KeyboardEvent, memo, useMemo, useRef, useState } from "react";
import { groupBlocks, groupTitle, searchBlocks } from "../rules/search";
import type { BlockSpec } from "../types";
import { useActions } from "./actions";
import { useSession } from "./context";
import { DRAG_TYPE } from "./Graph";
import { groupColour, Icon } from "./icons";

export function Palette() {
  const { blocks } = useSession();
  const actions = useActions();
  const [query, setQuery] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const found = useMemo(() => searchBlocks(blocks.list, query), [blocks, query]);
  const groups = useMemo((): [string, BlockSpec[]][] => (query.trim() ? [["", found]] : groupBlocks(found)), [found, query]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && found[0]) actions.add(found[0].id);
    if (event.key === "Escape") setQuery("");
    if (event.key === "ArrowDown") list.current?.querySelector("button")?.focus();
  };
  return (
    <aside className="palette" aria-label="Blocks">
      <label className="search">
        <Icon name="search" size={14} />
        <input
          type="search" placeholder="Search blocks" aria-label="Search blocks" data-testid="palette-search" value={query}
          onChange={(event) => setQuery(event.target.value)} onKeyDown={onKeyDown}
        />
      </label>
      <div className="palette-list" ref={list} onKeyDown={moveFocus}>
        {groups.map(([group, members]) => (
          <section key={group} aria-label={group ? groupTitle(group) : "Found"}>
            {group && <h3>{groupTitle(group)}</h3>}
            {members.map((block) => <Item key={block.id} block={block} onAdd={actions.add} />)}
          </section>
        ))}
        {!found.length && <p className="quiet none-found">No block matches “{query}”.</p>}
      </div>
    </aside>
  );
}

const Item = memo(function Item({ block, onAdd }: { block: BlockSpec; onAdd: (id: string) => void }) {
  const onDragStart = (event: DragEvent) => {
    event.dataTransfer.setData(DRAG_TYPE, block.id);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <button
      type="button" className="palette-item" draggable data-testid={`palette-${block.id}`} title={block.summary}
      onDragStart={onDragStart} onClick={() => onAdd(block.id)}
    >
      <span className="tile" style={{ "--group": groupColour(block.group) } as CSSProperties}>
        <Icon name={block.group} size={14} />
      </span>
      <span className="palette-title">{block.title}</span>
      <span className="palette-summary">{block.summary}</span>
    </button>
  );
});

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const items = [...event.currentTarget.querySelectorAll("button")];
  const at = items.indexOf(event.target as HTMLButtonElement);
  items[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  event.preventDefault();
  event.stopPropagation();
}
