/**
 * @module
 * Looks at each node of the grammar's tree.
 */
import { forEachChild, type SyntaxNode } from "unbash";

export function visit(node: SyntaxNode, look: (node: SyntaxNode) => void): void {
  look(node);
  forEachChild(node, (child) => {
    visit(child, look);
  });
}
