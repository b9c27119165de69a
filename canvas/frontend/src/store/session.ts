// One open pipeline: its editor, saving, live state and runs. It outlives the page element it is shown in.
import { ApiError, Client } from "../net/client";
import { type Busy, Runner } from "../net/runner";
import { Saver } from "../net/saver";
import { LiveSocket } from "../net/socket";
import { type Blocks, type Catalogue, type Copied, type Doc, indexCatalogue, type MountData, type Problem } from "../types";
import { Editor } from "./editor";
import { hasHappened, LiveStore } from "./live";
import { ScreenStore } from "./screen";
import { Store } from "./store";

export interface Identity {
  id: string;
  epoch: string;
  readonly: boolean;
  copying: boolean;
}

export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

let made = 0;

export class Session {
  /** Different for every session of this page. */
  readonly number = ++made;
  readonly identity: Store<Identity>;
  readonly editor: Editor;
  readonly saver: Saver;
  readonly live = new LiveStore();
  readonly screen = new ScreenStore();
  readonly client: Client;
  readonly runner: Runner;
  readonly refused = new Store<{ problems: Problem[]; about: Doc | null }>({ problems: [], about: null });
  viewport: Viewport | null = null;
  /** Where the graph is drawn, while it is. */
  graphElement: HTMLElement | null = null;
  blocks: Blocks;
  /** Told the id of the pipeline that takes the place of a template. */
  onOpened: (id: string) => void = () => undefined;
  private socket: LiveSocket;
  private copy: Promise<void> | null = null;
  private catalogueVersion: string;

  constructor(data: MountData) {
    const { doc, catalogue } = data;
    this.blocks = indexCatalogue(catalogue);
    this.catalogueVersion = catalogue.version;
    this.identity = new Store({ id: doc.id, epoch: doc.epoch, readonly: doc.readonly, copying: false });
    this.client = new Client(data.api);
    this.editor = new Editor(doc.document, this.blocks, () => this.edited());
    this.saver = new Saver(this.client, doc.id, doc.epoch, doc.rev, () => this.editor.doc);
    this.saver.onSaved = (saved) => {
      this.live.foresee(saved.forecast);
      this.live.price(saved.cost ?? null);
    };
    this.runner = new Runner(this.client);
    this.socket = new LiveSocket(this.live);
    this.live.subscribeHead(() => this.settleRunner());
  }

  /** Whether this session already shows the pipeline that the page offers. */
  holds(doc: MountData["doc"]): boolean {
    const { id, epoch } = this.identity.get();
    return id === doc.id && epoch === doc.epoch && (this.saver.isDirty || doc.rev <= this.saver.rev);
  }

  resume(): void {
    this.socket.open(this.client.socket(this.identity.get().id));
  }

  /** Off the screen: stop listening. What is unsaved goes on being sent. */
  suspend(): void {
    this.socket.close();
    this.live.setConnection("connecting");
    this.screen.set({ quickAdd: null, large: null, wiring: null, keysOpen: false });
    this.saver.flush().catch(() => undefined);
  }

  useCatalogue(catalogue: Catalogue): void {
    if (catalogue.version === this.catalogueVersion) return;
    this.catalogueVersion = catalogue.version;
    this.blocks = indexCatalogue(catalogue);
    this.editor.useBlocks(this.blocks);
  }

  /** Save, then ask for one run. */
  async run(): Promise<void> {
    const about = this.editor.doc;
    try {
      const problems = await this.runner.start(() => this.beSaved());
      this.refused.set({ problems, about });
      if (problems.length) this.screen.set({ problemsOpen: true });
    } catch (error) {
      this.screen.say(`The run did not start. ${words(error)}`, "bad");
    }
  }

  cancel = (): Promise<void> => this.ask("cancelling", "cancelled");

  pause = (): Promise<void> => this.ask("pausing", "paused");

  resumeRun = (): Promise<void> => this.ask("resuming", "resumed");

  retry = (): Promise<void> => this.ask("retrying", "retried");

  /** Finish the training of a node now, with what it has learned. */
  async stopEarly(node: string): Promise<void> {
    const run = this.live.head.run;
    try {
      if (run) await this.runner.stopEarly(run.run, node);
    } catch (error) {
      this.screen.say(`The training was not stopped. ${words(error)}`, "bad");
      throw error;
    }
  }

  private async ask(wish: Exclude<Busy, "starting">, done: string): Promise<void> {
    const run = this.live.head.run;
    if (!run) return;
    try {
      await this.runner.ask(wish, run.run);
    } catch (error) {
      this.screen.say(`The run was not ${done}. ${words(error)}`, "bad");
    }
  }

  /** Go on in a copy of the template, or of this document after a conflict. Edits, undo and view stay. */
  makeCopy(): Promise<void> {
    this.copy ??= this.copyNow().finally(() => {
      this.copy = null;
      this.identity.set({ copying: false });
    });
    return this.copy;
  }

  private edited(): void {
    if (!this.identity.get().readonly) return this.saver.touch();
    this.makeCopy().catch((error) => {
      this.screen.say(`The template could not be copied, so this edit is not saved yet. ${words(error)}`, "bad");
    });
  }

  private async copyNow(): Promise<void> {
    this.identity.set({ copying: true });
    const sent = this.editor.doc;
    const path = `pipelines/${encodeURIComponent(this.identity.get().id)}/copy`;
    const copied = await this.client.send<Copied>("POST", path, sent);
    const holdsAll = this.editor.doc === sent;
    const name = copied.document.name;
    this.editor.amend((doc) => (doc.name === sent.name ? { ...doc, name } : doc));
    this.identity.set({ id: copied.id, epoch: copied.epoch, readonly: false });
    this.saver.adopt(copied.id, copied.epoch, copied.rev, holdsAll);
    this.live.hold();
    this.resume();
    showInAddress(copied.id);
    this.onOpened(copied.id);
    this.screen.say(`You now edit a copy: “${name}”.`);
  }

  private async beSaved(): Promise<{ pipeline: string; rev: number | null }> {
    if (this.copy) await this.copy;
    const { id, readonly } = this.identity.get();
    if (readonly) return { pipeline: id, rev: null };
    await this.saver.flush();
    return { pipeline: this.identity.get().id, rev: this.saver.rev };
  }

  private lastRun: string | null = null;

  private settleRunner(): void {
    const { run } = this.live.head;
    const busy = this.runner.get().busy;
    if (busy === "starting" ? run && run.run !== this.lastRun : hasHappened(busy, run)) this.runner.settled();
    this.lastRun = run?.run ?? this.lastRun;
  }
}

function words(error: unknown): string {
  return error instanceof ApiError || error instanceof Error ? error.message : String(error);
}

function showInAddress(id: string): void {
  const url = new URL(window.location.href);
  url.searchParams.set("pipeline", id);
  window.history.replaceState(window.history.state, "", url);
}
