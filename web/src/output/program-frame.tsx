/**
 * @module
 * HTML that a program made, in a frame that can reach nothing: src/server/page/frame.ts. What says whose
 * it is stands outside of it, where it can't write.
 */
import type { CSSProperties } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { baseUrl } from "../state/server.ts";
import { watchFrame } from "./watch-frame.ts";

interface ProgramFrameProps {
  readonly name: string;
  readonly html: string;
}

export function ProgramFrame({ name, html }: ProgramFrameProps) {
  const figure = useRef<HTMLElement>(null);
  const isUsed = useSignal(false);
  const closedFor = useSignal("");
  useEffect(() => {
    const frame = figure.current?.querySelector("iframe");
    if (frame === null || frame === undefined) return;
    const close = (reason: string): void => {
      closedFor.value = reason;
    };
    return watchFrame({ frame, isUsed, close });
  }, []);
  if (closedFor.value !== "") {
    return <p class="missing">This page was closed: it {closedFor.value}.</p>;
  }
  return (
    <figure
      ref={figure}
      class="program-frame"
      // Clicks on what is inert come here.
      onClick={() => (isUsed.value = true)}
    >
      <figcaption>
        Made by the program{" "}
        <button type="button" aria-pressed={isUsed.value} title="Lets it take clicks and keys">
          {isUsed.value ? "In use" : "Use it"}
        </button>
      </figcaption>
      <Frame title={`Page that the program made: ${name}`} html={html} isInert={!isUsed.value} />
    </figure>
  );
}

interface FrameProps {
  readonly title: string;
  readonly html: string;
  /** Takes no clicks, and is not reached by the tab key. */
  readonly isInert: boolean;
  readonly style?: CSSProperties;
}

export function Frame({ title, html, isInert, style }: FrameProps) {
  const isFilled = useRef(false);
  const fill = ({ currentTarget }: { readonly currentTarget: HTMLIFrameElement }): void => {
    // It loads again as soon as it is written, and whenever its program wants: it is given nothing then.
    if (isFilled.current) return;
    isFilled.current = true;
    // An origin of nobody has no name.
    currentTarget.contentWindow?.postMessage(html, "*");
  };
  return (
    <iframe
      src={new URL("frame", baseUrl).href}
      sandbox="allow-scripts"
      referrerpolicy="no-referrer"
      title={title}
      inert={isInert}
      style={style}
      onLoad={fill}
    />
  );
}
