import { createMemoryShelf } from '../../src/directory/shelf.ts'
import { checkShelfContract } from './shelf-contract.ts'

checkShelfContract(createMemoryShelf)
