"""Red packets by WeChat Pay: merchant transfers that their receivers confirm (APIv3).

Sources: WeChat Pay's merchant documentation on merchant transfers (发起转账,
商户单号查询转账单, 撤销转账, 商家转账回调通知) and on signatures of APIv3.
"""
