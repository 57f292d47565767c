/**
 * @module
 * An SVG that a program made. As a picture nothing in it is run or loaded; but a few lines of it can be
 * work without an end, so that it is drawn where it can stop nothing but itself: in a frame.
 */
import { toBase64 } from "../../../src/client/bytes.ts";
import { Frame } from "./program-frame.tsx";
import { drawingSize } from "./drawing-size.ts";

interface DrawingProps {
  readonly name: string;
  readonly text: string;
}

export function Drawing({ name, text }: DrawingProps) {
  const { width, height } = drawingSize(text);
  const address = `data:image/svg+xml;base64,${toBase64(new TextEncoder().encode(text))}`;
  return (
    <div class="picture">
      <Frame
        title={`Picture that the program made: ${name}`}
        html={page(address)}
        isInert
        style={{ "--width": `${width}px`, "--ratio": String(width / height) }}
      />
    </div>
  );
}

const page = (address: string): string => `<!doctype html>
<style>html, body { height: 100%; margin: 0; } img { display: block; width: 100%; height: 100%; object-fit: contain; }</style>
<img alt="This browser can't show it as a picture." src="${address}">`;
