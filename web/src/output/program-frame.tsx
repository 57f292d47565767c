/**
 * @module
 * HTML that a program made, in a frame that can reach nothing: src/server/page/frame.ts. The page takes
 * no message of it. What says whose it is stands outside of it, where it can't write.
 */
import { useRef } from "preact/hooks";
import { baseUrl } from "../state/server.ts";

interface FrameProps {
  readonly name: string;
  readonly html: string;
}

export function ProgramFrame({ name, html }: FrameProps) {
  const isFilled = useRef(false);
  const fill = ({ currentTarget }: { readonly currentTarget: HTMLIFrameElement }): void => {
    // It loads again as soon as it is written, and whenever its program wants: it is given nothing then.
    if (isFilled.current) return;
    isFilled.current = true;
    // An origin of nobody has no name.
    currentTarget.contentWindow?.postMessage(html, "*");
  };
  return (
    <figure class="program-frame">
      <figcaption>Made by the program</figcaption>
      <iframe
        src={new URL("frame", baseUrl).href}
        sandbox="allow-scripts"
        referrerpolicy="no-referrer"
        title={`Page that the program made: ${name}`}
        onLoad={fill}
      />
    </figure>
  );
}
