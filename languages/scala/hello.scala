object Hello extends App {
  val name = args.headOption.getOrElse("world")
  println(s"Hello, $name!")
}
