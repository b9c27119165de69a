// A search at the pointer. After dropping a wire it offers only blocks that fit, and joins the chosen one.
import { type CSSProperties, type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { groupBlocks, searchBlocks } from "../rules/search";
import { kindTitle, portFor } from "../rules/wires";
import type { QuickAdd as Request } from "../store/screen";
import type { BlockSpec, Blocks } from "../types";
import { useActions } from "./actions";
import { useScreen, useSession } from "./context";
import { groupColour, Icon } from "./icons";

const WIDTH = 300;
const HEIGHT = 340;

export function QuickAdd() {
  const request = useScreen((screen) => screen.quickAdd);
  return request ? <Search key={`${request.at.x} ${request.at.y}`} request={request} /> : null;
}

function Search({ request }: { request: Request }) {
  const session = useSession();
  const actions = useActions();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const fitting = useMemo(() => blocksThatFit(session.blocks, request.wire), [session, request]);
  const found = useMemo(() => searchBlocks(fitting, query), [fitting, query]);
  useBorrowedFocus(input);
  const close = () => session.screen.set({ quickAdd: null });
  const choose = (block: BlockSpec | undefined) => {
    if (!block) return;
    close();
    actions.addFrom(request, block.id);
  };
  const keys: Record<string, () => void> = {
    Escape: close, Tab: close, Enter: () => choose(found[at]),
    ArrowDown: () => setAt(Math.min(at + 1, found.length - 1)), ArrowUp: () => setAt(Math.max(at - 1, 0)),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!keys[event.key]) return;
    keys[event.key]!();
    event.preventDefault();
    event.stopPropagation();
  };
  const title = titleOf(session.blocks, request.wire);
  return (
    <>
      <div className="backdrop" onPointerDown={close} />
      <div className="quick-add" data-testid="quick-add" role="dialog" aria-label={title} style={placeOf(session.graphElement, request)}>
        <label className="search">
          <Icon name="search" size={14} />
          <input
            ref={input} placeholder={title} aria-label={title} value={query} onKeyDown={onKeyDown} role="combobox" aria-expanded
            aria-controls="quick-add-list" onChange={(event) => (setQuery(event.target.value), setAt(0))}
          />
        </label>
        <Found blocks={found} at={at} title={title} onPoint={setAt} onChoose={choose} />
        {!found.length && <p className="quiet none-found">{query ? `No block matches “${query}”.` : "No block fits this wire."}</p>}
      </div>
    </>
  );
}

interface FoundProps {
  blocks: BlockSpec[];
  at: number;
  title: string;
  onPoint: (index: number) => void;
  onChoose: (block: BlockSpec) => void;
}

function Found({ blocks, at, title, onPoint, onChoose }: FoundProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <div className="quick-list" role="listbox" id="quick-add-list" aria-label={title} ref={list}>
      {blocks.map((block, index) => (
        <button
          type="button" role="option" key={block.id} aria-selected={index === at} data-testid={`quick-${block.id}`}
          className="quick-item" onPointerMove={() => onPoint(index)} onClick={() => onChoose(block)}
        >
          <span className="tile" style={{ "--group": groupColour(block.group) } as CSSProperties}>
            <Icon name={block.group} size={14} />
          </span>
          <span>
            <span className="quick-title">{block.title}</span>
            <span className="quick-summary">{block.summary}</span>
          </span>
        </button>
      ))}
    </div>
  );
}

function blocksThatFit(blocks: Blocks, wire: Request["wire"]): BlockSpec[] {
  const all = groupBlocks(blocks.list).flatMap(([, members]) => members);
  return wire ? all.filter((block) => portFor(blocks, block, wire.kind, wire.is)) : all;
}

function titleOf(blocks: Blocks, wire: Request["wire"]): string {
  return wire ? `Blocks that ${wire.is === "source" ? "take" : "give"} ${kindTitle(blocks, wire.kind)}` : "Add a block";
}

/** Take the focus, and give it back when the search closes. */
function useBorrowedFocus(input: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const root = input.current?.getRootNode() as ShadowRoot | Document;
    const before = root.activeElement as HTMLElement | null;
    input.current?.focus({ preventScroll: true });
    return () => (before?.isConnected ? before : document.body).focus({ preventScroll: true });
  }, [input]);
}

/** Near the pointer, but inside the graph. */
function placeOf(area: HTMLElement | null, { at }: Request): CSSProperties {
  const [width, height] = [area?.clientWidth ?? 800, area?.clientHeight ?? 600];
  const left = Math.max(8, Math.min(at.x, width - WIDTH - 8));
  const top = Math.max(8, Math.min(at.y, height - HEIGHT - 8));
  return { left, top, width: WIDTH, maxHeight: HEIGHT };
}
