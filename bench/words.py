"""What is said in a measurement: 198 bytes of Chinese, as a party would write."""

TEXT = (
    "我们上次在社区谈过，楼上漏水把卧室天花板泡坏了，修了两次还是漏，"
    "费用一直没有说清楚，请调解员帮忙算一算，我愿意当面说，也可以看照片。"
)
