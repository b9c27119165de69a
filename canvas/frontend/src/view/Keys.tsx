// The list of keys.
import { useSession } from "./context";
import { Modal } from "./Modal";
import { KEYS } from "./keyboard";

export function Keys() {
  const { screen } = useSession();
  return (
    <Modal title="Keys" onClose={() => screen.set({ keysOpen: false })} narrow>
      <dl className="keys">
        {KEYS.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
