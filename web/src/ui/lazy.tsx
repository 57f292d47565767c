/**
 * @module
 * Parts of the page that are loaded when they are first wanted.
 */
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** @param load The server may be away: then its reason is shown, and whoever opens it again tries again. */
export function lazy<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props & { readonly fallback?: ComponentChildren }> {
  let loaded: ComponentType<Props> | undefined;
  return function Lazy({ fallback, ...props }) {
    const [, setTick] = useState(0);
    const [problem, setProblem] = useState("");
    useEffect(() => {
      if (loaded !== undefined) return;
      load()
        .then((component) => {
          loaded = component;
          setTick((tick) => tick + 1);
        })
        .catch((error: unknown) => {
          setProblem(`This part of the page could not be loaded: ${String(error)}`);
        });
    }, []);
    if (problem !== "") return <p class="problem">{problem}</p>;
    const Component = loaded;
    return Component === undefined ? (
      <>{fallback}</>
    ) : (
      <Component {...(props as unknown as Props)} />
    );
  };
}
