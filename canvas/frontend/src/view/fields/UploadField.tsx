// Files of the user: a zip or a folder, dropped or chosen; sent to the server, which answers with what is in it.
import { type DragEvent, useRef, useState } from "react";
import { isRecord } from "../../rules/checks";
import { bytes, count } from "../../rules/format";
import type { Uploaded } from "../../types";
import { useSession } from "../context";
import { Icon } from "../icons";
import { type ChosenFile, chosenFiles, droppedFiles } from "./files";
import type { ControlProps } from "./Field";

type State = { is: "idle" } | { is: "sending"; part: number; what: string } | { is: "failed"; why: string } | { is: "done"; answer: Uploaded };

export function UploadField({ field, value, id, onChange }: ControlProps) {
  const { client } = useSession();
  const [state, setState] = useState<State>({ is: "idle" });
  const [isOver, setOver] = useState(false);
  const zip = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const name = isRecord(value) && typeof value.name === "string" ? value.name : null;

  const send = async (files: ChosenFile[]) => {
    if (!files.length) return setState({ is: "failed", why: "There are no files in it." });
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    const what = `${files.length > 1 ? count(files.length, "file") : files[0]!.path}, ${bytes(size)}`;
    setState({ is: "sending", part: 0, what });
    try {
      const answer = await client.upload(files, (part) => setState({ is: "sending", part, what }));
      setState({ is: "done", answer });
      onChange({ hash: answer.hash, name: answer.name });
    } catch (error) {
      setState({ is: "failed", why: error instanceof Error ? error.message : String(error) });
    }
  };
  const onDrop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    await send(await droppedFiles(event.dataTransfer));
  };
  const isIdle = state.is !== "sending";
  return (
    <div
      className={`upload${isOver ? " over" : ""}`} data-testid={`param-${field.name}`} onDrop={(event) => void onDrop(event)}
      onDragOver={(event) => (event.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)}
    >
      <input ref={zip} id={id} type="file" accept=".zip,application/zip" hidden data-testid={`param-${field.name}-zip`}
        onChange={(event) => void send(chosenFiles(event.target))} />
      <input ref={folder} type="file" hidden multiple {...{ webkitdirectory: "" }} data-testid={`param-${field.name}-folder`}
        onChange={(event) => void send(chosenFiles(event.target))} />
      {isIdle && name && <p className="upload-name"><Icon name="check" size={14} /> {name}</p>}
      {isIdle && !name && <p><Icon name="upload" /> Drop a zip or a folder here</p>}
      <Report state={state} />
      {isIdle && <Buttons hasFiles={name !== null} onZip={() => zip.current?.click()} onFolder={() => folder.current?.click()} />}
    </div>
  );
}

function Buttons({ hasFiles, onZip, onFolder }: { hasFiles: boolean; onZip: () => void; onFolder: () => void }) {
  return (
    <span className="upload-buttons">
      <button type="button" className="button" onClick={onZip}>{hasFiles ? "Other zip" : "Choose a zip"}</button>
      <button type="button" className="button" onClick={onFolder}>{hasFiles ? "Other folder" : "Choose a folder"}</button>
    </span>
  );
}

function Report({ state }: { state: State }) {
  switch (state.is) {
    case "idle":
      return null;
    case "failed":
      return <p className="field-error" role="alert">{state.why}</p>;
    case "sending":
      return (
        <>
          <p>{state.part < 1 ? `Sending ${state.what}` : "Reading the files…"}</p>
          <progress max={1} {...(state.part < 1 ? { value: state.part } : {})} aria-label="Sent" />
        </>
      );
    case "done":
      return (
        <>
          <p role="status">{state.answer.summary}</p>
          {state.answer.warnings.map((warning) => <p key={warning} className="warning">{warning}</p>)}
        </>
      );
  }
}
