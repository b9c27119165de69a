// Shared samples of the tests: the catalogue and documents that Python wrote.
import { indexCatalogue, type Catalogue, type Doc } from "../types";
import shared from "./shared.test.json";

export const blocks = indexCatalogue(shared.catalogue as unknown as Catalogue);
export const catalogue = shared.catalogue as unknown as Catalogue;
export const checkCases = shared.checks as { block: string; field: string; value: unknown; says: string | null }[];

export function chain(): Doc {
  return structuredClone(shared.chain) as unknown as Doc;
}
