// The button on the card of a training that runs: finish now and keep the model as it is.
import { useState } from "react";
import { useSession } from "../context";

export function StopEarly({ id }: { id: string }) {
  const session = useSession();
  const [asked, setAsked] = useState(false);
  const stop = () => {
    setAsked(true);
    session.stopEarly(id).catch(() => setAsked(false));
  };
  return (
    <button
      type="button" className="stop-early nodrag nopan" data-testid={`stop-${id}`} disabled={asked} onClick={stop}
      title="Finish the training now and keep what it has learned. The run goes on with this model"
    >
      {asked ? "Stopping…" : "Stop early"}
    </button>
  );
}
