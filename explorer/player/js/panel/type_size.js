// The size of type that fits the browser, told to Python.

import { isPresent, onPresent, startPresent } from "./present_mode.js";
import { decode } from "../shared/payload.js";

// Charts that Python draws cannot see how wide the page is, nor whether it is projected.
export function tellTypeSize(component) {
  let { size: told } = decode(component.data);
  const tell = () => {
    const size = isPresent() ? "present" : innerWidth >= 1700 ? "large" : innerWidth < 640 ? "phone" : "normal";
    if (size !== told) component.setStateValue("size", (told = size));
  };
  let timer = null;
  const onResize = () => {
    clearTimeout(timer);
    timer = setTimeout(tell, 250);
  };
  startPresent();
  tell();
  addEventListener("resize", onResize);
  const forget = onPresent(tell);
  return () => {
    clearTimeout(timer);
    removeEventListener("resize", onResize);
    forget();
  };
}
