// The WebSocket that brings live state. It connects again by itself, waiting longer each time.
import type { LiveStore } from "../store/live";
import type { Live } from "../types";

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 8000;

export class LiveSocket {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = FIRST_WAIT_MS;
  private url = "";

  constructor(private live: LiveStore) {}

  open(url: string): void {
    this.close();
    this.url = url;
    this.wait = FIRST_WAIT_MS;
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.connect();
  }

  close(): void {
    window.removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    clearTimeout(this.timer);
    const old = this.socket;
    this.socket = null;
    old?.close();
  }

  private hurry = (): void => {
    if (this.live.head.connection !== "lost" || document.hidden) return;
    this.wait = FIRST_WAIT_MS;
    clearTimeout(this.timer);
    this.connect();
  };

  private connect(): void {
    const before = this.socket;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    before?.close();
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.wait = FIRST_WAIT_MS;
      this.live.setConnection("open");
      this.live.receive(JSON.parse(String(event.data)) as Live);
    };
    socket.onopen = () => socket === this.socket && this.live.setConnection("open");
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.live.setConnection("lost");
      this.timer = setTimeout(() => this.connect(), this.wait * (0.8 + 0.4 * Math.random()));
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    };
  }
}
