// Requests to the server. Every refusal becomes an ApiError with a sentence for the user.
import type { Uploaded } from "../types";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly body: unknown,
  ) {
    super(message);
  }

  /** Whether the request may have failed on the way; it is worth sending again. */
  get isPassing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const TIMEOUT_MS = 15_000;
const NO_ANSWER = "The server does not answer.";

export class Client {
  readonly base: URL;

  constructor(api: string) {
    this.base = new URL(`${api.replace(/\/$/, "")}/`, document.baseURI);
  }

  picture(hash: string): string {
    return new URL(`blobs/${encodeURIComponent(hash)}.png`, this.base).href;
  }

  socket(pipeline: string): string {
    const url = new URL(`pipelines/${encodeURIComponent(pipeline)}/live`, this.base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  }

  async send<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(new URL(path, this.base), {
        method,
        headers: { "Content-Type": "application/json", "X-Genloom": "1" },
        body: body === undefined ? null : JSON.stringify(body),
        signal: abort.signal,
        keepalive,
      });
      return readAnswer<T>(response.status, await response.text());
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(NO_ANSWER, 0, null);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Send files as a form; `onProgress` gets the part that has been sent, from 0 to 1. */
  upload(files: { file: File; path: string }[], onProgress: (part: number) => void): Promise<Uploaded> {
    const form = new FormData();
    for (const { file, path } of files) form.append("file", file, path);
    const request = new XMLHttpRequest();
    return new Promise((resolve, reject) => {
      request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
      request.onerror = () => reject(new ApiError(NO_ANSWER, 0, null));
      request.onload = () => {
        try {
          resolve(readAnswer<Uploaded>(request.status, request.responseText));
        } catch (error) {
          reject(error);
        }
      };
      request.open("POST", new URL("uploads", this.base));
      request.setRequestHeader("X-Genloom", "1");
      request.send(form);
    });
  }
}

function readAnswer<T>(status: number, text: string): T {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(status < 400 ? "The server gave no proper answer." : `The server failed (${status}).`, status || 500, null);
  }
  if (status < 400) return body as T;
  const said = (body as { message?: unknown } | null)?.message;
  throw new ApiError(typeof said === "string" ? said : `The server refused this (${status}).`, status, body);
}

/** A fresh id for a request; works on pages without a secure origin too. */
export function freshRequestId(): string {
  const numbers = crypto.getRandomValues(new Uint8Array(16));
  return [...numbers].map((number) => number.toString(16).padStart(2, "0")).join("");
}
