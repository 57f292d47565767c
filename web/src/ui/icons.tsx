/**
 * @module
 * Small pictures, drawn with the colour of the text beside them.
 */
const paths = {
  play: "M4 2.5v11l9-5.5z",
  stop: "M3.5 3.5h9v9h-9z",
  share:
    "M11 1.5a2.5 2.5 0 1 1-1.9 4.1L6.3 7.2a2.6 2.6 0 0 1 0 1.6l2.8 1.6a2.5 2.5 0 1 1-.6 1.1L5.6 9.9a2.5 2.5 0 1 1 0-3.8l2.9-1.6A2.5 2.5 0 0 1 11 1.5z",
  plus: "M7 2h2v5h5v2H9v5H7V9H2V7h5z",
  close:
    "m3.2 4.6 1.4-1.4L8 6.6l3.4-3.4 1.4 1.4L9.4 8l3.4 3.4-1.4 1.4L8 9.4l-3.4 3.4-1.4-1.4L6.6 8z",
  chevron: "M3 5.5 8 11l5-5.5z",
  menu: "M2 3.5h12v1.6H2zm0 3.7h12v1.6H2zm0 3.7h12v1.6H2z",
  more: "M3 6.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} fill="currentColor" />
    </svg>
  );
}
