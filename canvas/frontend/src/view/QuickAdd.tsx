// A search at the pointer. After dropping a wire it offers only blocks that fit, and joins the chosen one.
import { type CSSProperties, type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { groupBlocks, searchBlocks } from "../rules/search";
import { kindTitle, portFor } from "../rules/wires";
import type { QuickAdd as Request } from "../store/screen";
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
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const { wire } = request;
  const close = () => session.screen.set({ quickAdd: null });
  const fitting = useMemo(() => {
    const all = groupBlocks(session.blocks.list).flatMap(([, members]) => members);
    return wire ? all.filter((block) => portFor(session.blocks, block, wire.kind, wire.is)) : all;
  }, [session, wire]);
  const found = useMemo(() => searchBlocks(fitting, query), [fitting, query]);

  useEffect(() => {
    const before = input.current?.getRootNode() as ShadowRoot | Document;
    const focused = before.activeElement as HTMLElement | null;
    input.current?.focus({ preventScroll: true });
    return () => (focused?.isConnected ? focused : document.body).focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    box.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const choose = (block: string | undefined) => {
    if (!block) return;
    close();
    actions.addFrom(request, block);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key === "Enter") choose(found[at]?.id);
    else if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const title = wire ? `Blocks that ${wire.is === "source" ? "take" : "give"} ${kindTitle(session.blocks, wire.kind)}` : "Add a block";
  return (
    <>
      <div className="backdrop" onPointerDown={close} />
      <div ref={box} className="quick-add" data-testid="quick-add" role="dialog" aria-label={title} style={placeOf(session.graphElement, request)}>
        <label className="search">
          <Icon name="search" size={14} />
          <input
            ref={input} placeholder={title} aria-label={title} value={query} onKeyDown={onKeyDown} role="combobox" aria-expanded
            aria-controls="quick-add-list" onChange={(event) => (setQuery(event.target.value), setAt(0))}
          />
        </label>
        <div className="quick-list" role="listbox" id="quick-add-list" aria-label={title}>
          {found.map((block, index) => (
            <button
              type="button" role="option" key={block.id} aria-selected={index === at} data-testid={`quick-${block.id}`}
              className="quick-item" onPointerMove={() => setAt(index)} onClick={() => choose(block.id)}
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
          {!found.length && <p className="quiet none-found">{query ? `No block matches “${query}”.` : "No block fits this wire."}</p>}
        </div>
      </div>
    </>
  );
}

/** Near the pointer, but inside the graph. */
function placeOf(area: HTMLElement | null, { at }: Request): CSSProperties {
  const [width, height] = [area?.clientWidth ?? 800, area?.clientHeight ?? 600];
  const left = Math.max(8, Math.min(at.x, width - WIDTH - 8));
  const top = Math.max(8, Math.min(at.y, height - HEIGHT - 8));
  return { left, top, width: WIDTH, maxHeight: HEIGHT };
}
