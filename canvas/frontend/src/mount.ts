// How the canvas lives in Streamlit's page: mounted once per element, updated by later calls, parked when it goes.
import { park, unpark, unsaved } from "./store/parked";
import { Session } from "./store/session";
import type { MountData } from "./types";

export interface MountArgs {
  data: MountData;
  parentElement: ParentNode & Node;
  setTriggerValue: (name: string, value: unknown) => void;
}

/** Draws a session into an element, and takes it away. */
export interface Renderer {
  show(session: Session, data: MountData): void;
  remove(): void;
}

export type MakeRenderer = (host: HTMLElement) => Renderer;

class Mount {
  readonly host = document.createElement("div");
  private renderer: Renderer;
  private session: Session | null = null;
  private offered = "";

  constructor(parent: ParentNode & Node, makeRenderer: MakeRenderer) {
    this.host.className = "genloom-host";
    parent.appendChild(this.host);
    this.renderer = makeRenderer(this.host);
    window.addEventListener("pagehide", this.leaving);
  }

  /** Load a pipeline only when the page offers another one than before and than is held. */
  update({ data, setTriggerValue }: MountArgs): void {
    const offered = `${data.doc.id} ${data.doc.epoch}`;
    const isHeld = this.session?.identity.get().id === data.doc.id && this.session.identity.get().epoch === data.doc.epoch;
    if (!this.session || (offered !== this.offered && !isHeld)) {
      if (this.session) park(this.session);
      this.session = unpark(data.doc) ?? new Session(data);
      this.session.resume();
    }
    this.offered = offered;
    this.session.useCatalogue(data.catalogue);
    this.session.onOpened = (id) => setTriggerValue("opened", id);
    this.renderer.show(this.session, data);
  }

  unmount(): void {
    window.removeEventListener("pagehide", this.leaving);
    if (this.session) park(this.session);
    this.renderer.remove();
    this.host.remove();
  }

  private leaving = (): void => {
    this.session?.saver.sendLast();
    for (const session of unsaved()) session.saver.sendLast();
  };
}

/** The component's entry, given what draws it. */
export function component(makeRenderer: MakeRenderer): (args: MountArgs) => () => void {
  const mounts = new WeakMap<Node, Mount>();
  return (args) => {
    const parent = args.parentElement;
    const mount = mounts.get(parent) ?? new Mount(parent, makeRenderer);
    mounts.set(parent, mount);
    mount.update(args);
    // Streamlit also calls this while the component stays, so look whether the element has really gone.
    return () => {
      setTimeout(() => {
        if (mount.host.isConnected || mounts.get(parent) !== mount) return;
        mounts.delete(parent);
        mount.unmount();
      });
    };
  };
}
