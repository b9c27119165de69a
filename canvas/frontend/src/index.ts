// The entry of the bundle: what Streamlit calls to mount and to update the canvas.
import { component } from "./mount";
import { reactRenderer } from "./view/render";

export default component(reactRenderer);
