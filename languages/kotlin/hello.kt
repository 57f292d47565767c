fun main(args: Array<String>) {
    val name = args.firstOrNull() ?: "world"
    println("Hello, $name!")
}
